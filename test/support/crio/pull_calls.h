// The calls of PullImage that are running, and the threads that serve them.
//
// It must outlive the calls. Threads: safe to share.
#ifndef PREPULL_TEST_SUPPORT_CRIO_PULL_CALLS_H_
#define PREPULL_TEST_SUPPORT_CRIO_PULL_CALLS_H_

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "cri/image_service.pb.h"
#include "prepull/base/mutex.h"
#include "test/support/cri/reactor.h"

namespace prepull {

class PullCalls {
 public:
  // Returns the image's id; on a thread of its own.
  using Pull = std::function<absl::StatusOr<std::string>(std::stop_token)>;

  // Answers `reactor` with the result of `pull`, or with that of the pull that
  // is running under the same `key`.
  void Start(const std::string& key, Pull pull, Reactor* reactor,
             ::runtime::v1::PullImageResponse* response);

 private:
  struct Caller {
    Reactor* reactor;
    ::runtime::v1::PullImageResponse* response;
  };
  struct Running {
    std::jthread thread;
    std::vector<Caller> callers;  // the first one's cancel ends the pull
  };

  void OnCancel(const std::string& key, Reactor* reactor);
  void End(const std::string& key, const absl::StatusOr<std::string>& id);

  Mutex mutex_;
  std::map<std::string, Running> running_ ABSL_GUARDED_BY(mutex_);
  // Their work is done, and they are to be joined.
  std::vector<std::jthread> ended_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_PULL_CALLS_H_
