#include "prepull/run/reason.h"

#include <algorithm>
#include <array>

#include "prepull/base/passing_error.h"

namespace prepull {
namespace {

constexpr std::array kReasons = {
    ReasonFacts{.reason = Reason::kNotFound,
                .name = "NotFound",
                .meaning = "The registry has no such image or tag, or hides it "
                           "without credentials",
                .retried = "no",
                .advice = "Correct the name, or give --docker-config"},
    ReasonFacts{
        .reason = Reason::kUnauthorized,
        .name = "Unauthorized",
        .meaning = "The registry refused the credentials; some say so of a "
                   "missing image",
        .retried = "with other credentials, or while some cannot be read",
        .advice = "Give --docker-config, or secret=NAME behind the image"},
    ReasonFacts{
        .reason = Reason::kInvalidReference,
        .name = "InvalidReference",
        .meaning = "The line, named by file and number, is not an image",
        .retried = "no",
        .advice = "Correct the line"},
    ReasonFacts{.reason = Reason::kPlatformMismatch,
                .name = "PlatformMismatch",
                .meaning = "The image has no variant for this node",
                .retried = "no",
                .advice = "Push one for the node's platform"},
    ReasonFacts{.reason = Reason::kCertificateInvalid,
                .name = "CertificateInvalid",
                .meaning = "The runtime does not trust the registry",
                .retried = "no; if a certificate is expired: yes",
                .advice = "Make the runtime trust it; an expired one may be "
                          "the node's clock"},
    ReasonFacts{.reason = Reason::kNoSpace,
                .name = "NoSpace",
                .meaning = "The disk is full; exit code 5",
                .retried = "no, the run stops",
                .advice = "Free the disk"},
    ReasonFacts{.reason = Reason::kRateLimited,
                .name = "RateLimited",
                .meaning = "The registry has too many requests",
                .retried = "yes, later, but not after the deadline",
                .advice = "Use credentials, a mirror, --registry-concurrency "
                          "or --start-jitter"},
    ReasonFacts{.reason = Reason::kRegistryUnavailable,
                .name = "RegistryUnavailable",
                .meaning = "The registry does not answer, or answers with "
                           "something other than the image",
                .retried = "yes; after a web page for a manifest or a missing "
                           "layer: for a minute",
                .advice = "Check network, proxy, login portal, DNS and "
                          "registry as the runtime sees them"},
    ReasonFacts{.reason = Reason::kTimeout,
                .name = "Timeout",
                .meaning = "The deadline came, or an attempt without byte "
                           "progress took too long",
                .retried = "yes",
                .advice = "Give it more time"},
    ReasonFacts{.reason = Reason::kStalled,
                .name = "Stalled",
                .meaning = "Nothing arrived for --stall-timeout, or the "
                           "runtime ended the pull itself (CRI-O does)",
                .retried = "yes",
                .advice = "Check network and proxy"},
    ReasonFacts{
        .reason = Reason::kRuntimeUnavailable,
        .name = "RuntimeUnavailable",
        .meaning = "The runtime went away; exit code 4 if it stays away",
        .retried = "yes",
        .advice = "See the runtime's log"},
    ReasonFacts{
        .reason = Reason::kNotUsable,
        .name = "NotUsable",
        .meaning = "No image that a node can run, or a refused signature",
        .retried = "no; after a failed unpack: three tries; after wrong bytes: "
                   "for a minute",
        .advice = "Push it again; --repull-present mends a broken one"},
    ReasonFacts{.reason = Reason::kInterrupted,
                .name = "Interrupted",
                .meaning = "SIGTERM, SIGINT or SIGHUP",
                .retried = "no",
                .advice = "Run it again to continue"},
    ReasonFacts{.reason = Reason::kMissing,
                .name = "Missing",
                .meaning = "check did not find it on the node",
                .retried = "no",
                .advice = "Fetch it"},
    ReasonFacts{.reason = Reason::kNodeBusy,
                .name = "NodeBusy",
                .meaning = "CPU or memory is busier than --check-items "
                           "allows; exit code 5",
                .retried = "no",
                .advice = "Run it again later"},
    ReasonFacts{.reason = Reason::kBadInput,
                .name = "BadInput",
                .meaning = "Of a run, never of an image: flags or list are "
                           "invalid; exit code 2",
                .retried = "no",
                .advice = "See the message"},
    ReasonFacts{.reason = Reason::kUnknown,
                .name = "Unknown",
                .meaning = "The runtime's error fits none of these",
                .retried = "yes",
                .advice = "Read the runtime's words in the message"},
};

}  // namespace

absl::Span<const ReasonFacts> Reasons() { return kReasons; }

absl::string_view ReasonName(Reason reason) {
  if (reason == Reason::kNone) return "";
  const auto* row = std::find_if(
      kReasons.begin(), kReasons.end(),
      [reason](const ReasonFacts& each) { return each.reason == reason; });
  return row != kReasons.end() ? row->name : "Unknown";
}

std::optional<Reason> ReasonNamed(absl::string_view name) {
  if (name.empty()) return Reason::kNone;
  const auto* row = std::find_if(
      kReasons.begin(), kReasons.end(),
      [name](const ReasonFacts& each) { return each.name == name; });
  if (row == kReasons.end()) return std::nullopt;
  return row->reason;
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
