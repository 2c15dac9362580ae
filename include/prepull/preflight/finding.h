// What one check of the node found.
#ifndef PREPULL_PREFLIGHT_FINDING_H_
#define PREPULL_PREFLIGHT_FINDING_H_

#include <string>

namespace prepull {

enum class CheckResult {
  kOk,
  kWarning,  // pulls may go worse than they could
  kFailed,   // the node is not fit
};

struct Finding {
  std::string check;  // one word: "disk"
  CheckResult result = CheckResult::kOk;
  std::string detail;  // a sentence without a full stop
};

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_FINDING_H_
