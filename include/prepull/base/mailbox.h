// A queue of messages from any thread to the one thread that owns it and waits
// on its Wakeup. For tasks rather than messages: TaskRunner.
//
// Threads: Post from any; Take from the owner.
#ifndef PREPULL_BASE_MAILBOX_H_
#define PREPULL_BASE_MAILBOX_H_

#include <utility>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"

namespace prepull {

template <typename Message>
class Mailbox {
 public:
  void Post(Message message) {
    {
      MutexLock lock(mutex_);
      messages_.push_back(std::move(message));
    }
    wakeup_.Notify();
  }

  // Returns the messages since the last call, oldest first.
  std::vector<Message> Take() {
    MutexLock lock(mutex_);
    return std::exchange(messages_, {});
  }

  // Notified by each Post; others may notify it, too.
  Wakeup& wakeup() { return wakeup_; }

 private:
  Wakeup wakeup_;
  Mutex mutex_;
  std::vector<Message> messages_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_BASE_MAILBOX_H_
