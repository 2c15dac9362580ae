#include "prepull/run/reason.h"

#include "prepull/base/passing_error.h"

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

Reason ReasonWithoutReference(const absl::Status& error) {
  switch (error.code()) {
    case absl::StatusCode::kNotFound:
      return Reason::kNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return Reason::kUnauthorized;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return Reason::kRegistryUnavailable;
    case absl::StatusCode::kResourceExhausted:
      // A source that is refused for the rate (429) is away, as after a 503;
      // else something is larger than prepull takes.
      return IsPassing(error) ? Reason::kRegistryUnavailable : Reason::kUnknown;
    case absl::StatusCode::kInvalidArgument:
      return Reason::kInvalidReference;
    default:
      return Reason::kUnknown;
  }
}

}  // namespace prepull
