// std::mutex with the annotations of clang's thread safety analysis, so that
// `clang++ -Wthread-safety` finds an unguarded access. absl::Mutex is not used
// because ThreadSanitizer cannot see into Debian's build of it.
#ifndef PREPULL_BASE_MUTEX_H_
#define PREPULL_BASE_MUTEX_H_

#include <mutex>

#include "absl/base/thread_annotations.h"

namespace prepull {

class ABSL_LOCKABLE Mutex {
 public:
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_MUTEX_H_
