#include "prepull/pull/reason.h"

namespace prepull {

absl::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "";
    case Reason::kNotFound:
      return "NotFound";
    case Reason::kUnauthorized:
      return "Unauthorized";
    case Reason::kInvalidReference:
      return "InvalidReference";
    case Reason::kPlatformMismatch:
      return "PlatformMismatch";
    case Reason::kCertificateInvalid:
      return "CertificateInvalid";
    case Reason::kNoSpace:
      return "NoSpace";
    case Reason::kRateLimited:
      return "RateLimited";
    case Reason::kRegistryUnavailable:
      return "RegistryUnavailable";
    case Reason::kTimeout:
      return "Timeout";
    case Reason::kStalled:
      return "Stalled";
    case Reason::kRuntimeUnavailable:
      return "RuntimeUnavailable";
    case Reason::kNotUsable:
      return "NotUsable";
    case Reason::kInterrupted:
      return "Interrupted";
    case Reason::kBadInput:
      return "BadInput";
    case Reason::kUnknown:
      return "Unknown";
  }
  return "Unknown";
}

}  // namespace prepull
