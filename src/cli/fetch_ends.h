// How a fetch or a check ends that never came to its images. Pure.
#ifndef PREPULL_SRC_CLI_FETCH_ENDS_H_
#define PREPULL_SRC_CLI_FETCH_ENDS_H_

#include "absl/status/status.h"
#include "prepull/run/run.h"

namespace prepull {

// The end of a run that has no list, because of `why`: bad input, or no time to
// read it. `is_stopped`: a stop was requested.
RunEnd EndWithoutList(const absl::Status& why, bool is_stopped);

// The end of a run whose flags are wrong.
RunEnd EndOfBadFlags(const absl::Status& why);

// Why images are not pulled onto a node that is not fit, or whose runtime went
// away before that was known.
Reason ReasonUnfit(const absl::Status& why);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_FETCH_ENDS_H_
