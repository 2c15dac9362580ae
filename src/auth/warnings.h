// Logs problems with the sources of credentials, each text once, since files
// are read again and again.
//
// Threads: safe to share.
#ifndef PREPULL_SRC_AUTH_WARNINGS_H_
#define PREPULL_SRC_AUTH_WARNINGS_H_

#include <set>
#include <string>
#include <vector>

#include "prepull/base/log.h"
#include "prepull/base/mutex.h"

namespace prepull {

class Warnings {
 public:
  // `text`: names the source and shows no secret.
  void Add(const std::string& text) {
    size_t count = 0;
    {
      MutexLock lock(mutex_);
      if (logged_.size() > kMaxTexts || !logged_.insert(text).second) return;
      count = logged_.size();
    }
    const bool is_last = count > kMaxTexts;
    Log(LogLevel::kWarn, "credentials cannot be used",
        {{"error",
          is_last ? "too many errors: further ones are not shown" : text}});
  }

  void Add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) Add(text);
  }

 private:
  // A file may have thousands of unusable entries.
  static constexpr size_t kMaxTexts = 200;

  Mutex mutex_;
  std::set<std::string> logged_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_WARNINGS_H_
