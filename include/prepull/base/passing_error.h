// Errors that a later retry may not meet: an unreachable or busy registry,
// credentials that could not be read.
//
// Only the code that saw the cause can tell, so it marks the error; Annotate
// keeps the mark.
#ifndef PREPULL_BASE_PASSING_ERROR_H_
#define PREPULL_BASE_PASSING_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace prepull {

inline constexpr char kPassingMark[] = "prepull/passing";

// Returns `error` with the mark.
inline absl::Status PassingError(absl::Status error) {
  error.SetPayload(kPassingMark, absl::Cord());
  return error;
}

// Whether `status` has the mark.
inline bool IsPassing(const absl::Status& status) {
  return status.GetPayload(kPassingMark).has_value();
}

}  // namespace prepull

#endif  // PREPULL_BASE_PASSING_ERROR_H_
