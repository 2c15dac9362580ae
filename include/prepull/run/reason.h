// Why an image is not on the node, in the words of the status file.
#ifndef PREPULL_RUN_REASON_H_
#define PREPULL_RUN_REASON_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

enum class Reason {
  kNone,
  kNotFound,
  kUnauthorized,
  kInvalidReference,
  kPlatformMismatch,
  kCertificateInvalid,
  kNoSpace,
  kRateLimited,
  kRegistryUnavailable,
  kTimeout,
  kStalled,
  kRuntimeUnavailable,
  kNotUsable,
  kInterrupted,
  kBadInput,  // of a run that ended with 2, never of an image
  kUnknown,
};

// "NotFound", "Unauthorized" ...; "" for kNone.
absl::string_view ReasonName(Reason reason);

// Why there is no image to pull: a line is wrong, or what it stands for could
// not be had.
Reason ReasonWithoutReference(const absl::Status& error);

}  // namespace prepull

#endif  // PREPULL_RUN_REASON_H_
