// The result of one check of the node.
#ifndef PREPULL_PREFLIGHT_FINDING_H_
#define PREPULL_PREFLIGHT_FINDING_H_

#include <string>

namespace prepull {

enum class CheckResult {
  kOk,
  kWarning,  // pulls, or pods that use the images, may be slower or fail
  kFailed,   // the node is not fit
};

struct Finding {
  std::string check;  // one word: "disk"
  CheckResult result = CheckResult::kOk;
  std::string detail;  // for people, without a full stop
};

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_FINDING_H_
