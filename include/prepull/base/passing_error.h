// Errors that asking again later may mend: a registry that is away or busy,
// credentials that could not be had.
//
// Only who saw the cause can tell, so that marks the error; Annotate keeps the
// mark.
#ifndef PREPULL_BASE_PASSING_ERROR_H_
#define PREPULL_BASE_PASSING_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace prepull {

inline constexpr char kPassingMark[] = "prepull/passing";

// `error` with the mark.
inline absl::Status PassingError(absl::Status error) {
  error.SetPayload(kPassingMark, absl::Cord());
  return error;
}

// Whether it has the mark.
inline bool IsPassing(const absl::Status& status) {
  return status.GetPayload(kPassingMark).has_value();
}

}  // namespace prepull

#endif  // PREPULL_BASE_PASSING_ERROR_H_
