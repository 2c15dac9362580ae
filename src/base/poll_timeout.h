// Converts durations for poll(2). Pure.
#ifndef PREPULL_SRC_BASE_POLL_TIMEOUT_H_
#define PREPULL_SRC_BASE_POLL_TIMEOUT_H_

#include <algorithm>

#include "absl/time/time.h"

namespace prepull {

// Returns milliseconds that fit an int; the caller polls again for the rest.
inline int PollTimeout(absl::Duration remaining) {
  const absl::Duration bounded =
      std::clamp(remaining, absl::ZeroDuration(), absl::Hours(1));
  return static_cast<int>(
      absl::ToInt64Milliseconds(absl::Ceil(bounded, absl::Milliseconds(1))));
}

}  // namespace prepull

#endif  // PREPULL_SRC_BASE_POLL_TIMEOUT_H_
