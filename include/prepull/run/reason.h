// Why an image is not on the node, in the words of the status file: one table,
// from which the status file, its reader and `prepull help reasons` are made. A
// new reason is an enumerator here, a row in reason.cc, and the place that
// returns it (pull/error_class.cc for what a runtime says).
#ifndef PREPULL_RUN_REASON_H_
#define PREPULL_RUN_REASON_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

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
  kMissing,   // by a check, which pulls nothing
  kNodeBusy,  // of a run that pulls nothing because of it, and its images
  kBadInput,  // of a run that ended with 2, never of an image
  kUnknown,
};

struct ReasonFacts {
  Reason reason = Reason::kUnknown;
  absl::string_view name;     // "NotFound"
  absl::string_view meaning;  // a sentence without its full stop
  absl::string_view retried;  // whether the image is tried again: "no"
  absl::string_view advice;   // what to do, as `meaning`
};

// A row for each reason but kNone.
absl::Span<const ReasonFacts> Reasons();

// "NotFound", "Unauthorized" ...; "" for kNone.
absl::string_view ReasonName(Reason reason);

// The reason of that name, kNone for "". Nothing for a name that this version
// does not know.
std::optional<Reason> ReasonNamed(absl::string_view name);

// Why there is no image to pull: its line is invalid, or its source could not
// be read.
Reason ReasonWithoutReference(const absl::Status& error);

}  // namespace prepull

#endif  // PREPULL_RUN_REASON_H_
