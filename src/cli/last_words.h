// What is left to say of a command when the process ends before the command
// does: at a second signal, or at an internal error.
//
// Threads: safe to share.
#ifndef PREPULL_SRC_CLI_LAST_WORDS_H_
#define PREPULL_SRC_CLI_LAST_WORDS_H_

#include <functional>
#include <string>
#include <utility>

#include "prepull/base/mutex.h"
#include "prepull/run/run.h"

namespace prepull {

class LastWords {
 public:
  // Called with what the process ends with and why, on whatever thread ends
  // it; it may wait for some tenths of a second, and for no stream.
  using Speaker = std::function<void(ExitCode code, const std::string& why)>;

  // Replaces the speaker; null: there is nothing to say. One that speaks is
  // waited for.
  void Set(Speaker speaker) {
    MutexLock lock(mutex_);
    speaker_ = std::move(speaker);
  }

  void Say(ExitCode code, const std::string& why) {
    MutexLock lock(mutex_);
    if (speaker_) speaker_(code, why);
  }

 private:
  Mutex mutex_;
  Speaker speaker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_LAST_WORDS_H_
