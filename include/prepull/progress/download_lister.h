// Asks the runtime for all open downloads of the node: once a second while
// anything is pulled, or earlier on request.
//
// Not thread-safe.
#ifndef PREPULL_PROGRESS_DOWNLOAD_LISTER_H_
#define PREPULL_PROGRESS_DOWNLOAD_LISTER_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

class DownloadLister {
 public:
  struct Events {
    // What was open at `asked`.
    std::function<void(Instant asked, const std::vector<OpenDownload>&)>
        on_listed;
    // The runtime does not show downloads: it is not asked again.
    std::function<void()> on_unimplemented;
  };

  DownloadLister(Downloads& downloads, TaskRunner::Poster poster, Events events)
      : downloads_(downloads),
        events_(std::move(events)),
        scope_(std::move(poster)) {}

  // Asks at `when`, should its turn come later.
  void ListAt(Instant when);

  // Does what is due. The first call asks even if nothing is pulled yet: what
  // is open then was not written by a pull of this run.
  void Turn(Instant now, bool is_pulling);
  Instant NextTurn(bool is_pulling) const;

  // When the question was asked that was answered last.
  Instant seen() const { return seen_; }

 private:
  Instant Due() const;
  void List(Instant now);
  void OnListed(Instant asked,
                const absl::StatusOr<std::vector<OpenDownload>>& listed);

  Downloads& downloads_;
  const Events events_;
  const TaskScope scope_;
  std::unique_ptr<RunningCall> call_;
  bool has_asked_ = false;
  bool is_unimplemented_ = false;
  Instant seen_ = Instant(-absl::InfiniteDuration());
  Instant in_turn_ = Instant(-absl::InfiniteDuration());
  Instant wanted_ = Instant::Never();
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_DOWNLOAD_LISTER_H_
