// Work handed from any thread to the one thread that owns the state.
//
// The engine is a single thread that sleeps on the mailbox's Wakeup; gRPC's
// completion thread and the stop signal post to it.
// Threads: Post from any; Take from the owner.
#ifndef PREPULL_BASE_MAILBOX_H_
#define PREPULL_BASE_MAILBOX_H_

#include <utility>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"

namespace prepull {

template <typename Letter>
class Mailbox {
 public:
  void Post(Letter letter) {
    {
      MutexLock lock(mutex_);
      letters_.push_back(std::move(letter));
    }
    wakeup_.Notify();
  }

  // Everything that was posted since the last call, oldest first.
  std::vector<Letter> Take() {
    MutexLock lock(mutex_);
    return std::exchange(letters_, {});
  }

  // Notified at every Post; may be notified by others as well.
  Wakeup& wakeup() { return wakeup_; }

 private:
  Wakeup wakeup_;
  Mutex mutex_;
  std::vector<Letter> letters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_BASE_MAILBOX_H_
