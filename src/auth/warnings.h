// Logs problems with the sources of credentials, each text once, since files
// are read again and again.
//
// Threads: safe to share.
#ifndef PREPULL_SRC_AUTH_WARNINGS_H_
#define PREPULL_SRC_AUTH_WARNINGS_H_

#include <set>
#include <string>
#include <vector>

#include "prepull/base/mutex.h"

namespace prepull {

class Warnings {
 public:
  // `text`: names the source and shows no secret.
  void Add(const std::string& text);
  void Add(const std::vector<std::string>& texts);

 private:
  Mutex mutex_;
  std::set<std::string> logged_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_WARNINGS_H_
