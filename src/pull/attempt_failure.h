// What a failed round at an image means: the one decision that the reports, the
// registry's gate and the next try follow. Pure.
#ifndef PREPULL_SRC_PULL_ATTEMPT_FAILURE_H_
#define PREPULL_SRC_PULL_ATTEMPT_FAILURE_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "src/pull/error_class.h"
#include "src/pull/pull_round.h"

namespace prepull {

// Why prepull itself ended an attempt, as a class and in words.
struct Cut {
  ErrorClass why;
  std::string message = "";
};

// Nothing arrived for `patience`: cut, which loses no byte.
Cut CutForAStall(absl::Duration patience);

// Not finished within `timeout`. `was_watched`: its progress could have been
// seen, and there was none.
Cut CutForItsTime(absl::Duration timeout, bool was_watched);

struct AttemptFailure {
  ErrorClass what;
  std::string message = "";  // as reports show it
  bool was_cut = false;      // by us: the error is our own cancel
  // Cancelled because the run ends, which says nothing about the image.
  bool run_ends = false;
};

// `end`: of a failure. `cut`: whether the round was told to end; it may
// have failed by itself before it heard of it.
AttemptFailure FailureOf(const RoundEnd& end, const std::optional<Cut>& cut);

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_ATTEMPT_FAILURE_H_
