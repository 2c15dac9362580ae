// Removes images that are to be pulled anew, each once.
//
// A runtime removes an image under all its names, so those of the list that
// share it wait for one removal, and then are all pulled.
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_IMAGE_REMOVER_H_
#define PREPULL_SRC_PULL_IMAGE_REMOVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "prepull/base/task_runner.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

class ImageRemover {
 public:
  using Then = std::function<void(absl::Status)>;

  ImageRemover(ContainerRuntime& runtime, TaskRunner::Poster poster)
      : runtime_(runtime), scope_(std::move(poster)) {}

  // Calls `then` when the image with this id is removed: at once if it is.
  // After an error the next call tries again.
  void Remove(const std::string& id, Then then);

  // Ends what runs; waiting callers get CANCELLED.
  void CancelAll();

 private:
  struct Removal {
    bool is_done = false;
    std::unique_ptr<RunningCall> call;
    std::vector<Then> waiting;
  };

  void OnRemoved(const std::string& id, const absl::Status& status);

  ContainerRuntime& runtime_;
  const TaskScope scope_;
  std::map<std::string, Removal> removals_;  // by image id
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_IMAGE_REMOVER_H_
