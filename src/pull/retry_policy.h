// Whether an image is tried again, after how long, and for how long. Pure.
#ifndef PREPULL_SRC_PULL_RETRY_POLICY_H_
#define PREPULL_SRC_PULL_RETRY_POLICY_H_

#include <optional>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/run/pull_options.h"
#include "src/pull/error_class.h"

namespace prepull {

// What has been tried for one image so far.
struct AttemptHistory {
  int counted = 0;     // attempts that count towards --max-attempts
  int since_gain = 0;  // of those, since the timeout began to grow
  int in_row = 0;      // failures since the delay began to grow
  int few_times = 0;   // failures of the class that gets three tries
  // Failures in a row of the class that gets a minute, since the first of them
  // and from it to the last.
  int spoilt_times = 0;
  Instant spoilt_since = Instant();
  absl::Duration spoilt_for = absl::ZeroDuration();
  int refused = 0;  // rounds in which all credentials were refused
  // Refused credentials are looked at once more: a secret may be rotated.
  bool credentials_may_change = false;
  bool had_last_try = false;  // the one just before the deadline

  // Takes in an attempt that failed with `error` at `now`. One that gained
  // bytes sets delay and timeout back and does not count.
  void Add(const ErrorClass& error, bool gained_bytes, Instant now);
};

// How long to wait before the next attempt, or nothing if there is none.
//
// `history` includes the attempt that just failed with `error`. The delay
// doubles and is jittered down by up to half; `dice` is in [0, 1). A rate
// limit waits at the registry's gate instead and adds no delay.
std::optional<absl::Duration> DelayBeforeNext(const RetryOptions& options,
                                              const AttemptHistory& history,
                                              const ErrorClass& error,
                                              double dice);

// `delay`, if it leaves time for an attempt in what remains of the run: half
// of it, or the first attempt's timeout if that is less. Else the delay before
// one last try, which has just that time; nothing if it has been made.
std::optional<absl::Duration> DelayWithin(absl::Duration remaining,
                                          absl::Duration delay,
                                          const RetryOptions& options,
                                          AttemptHistory& history);

// How much longer an attempt may take that has to download so much: on a thin
// link a timeout that is too short would cost all that it had fetched.
absl::Duration DownloadTime(int64_t missing_bytes);

// How long the next attempt may take while no progress can be seen.
//
// Doubles with each counted attempt since the last one that gained bytes, up
// to the cap, if there is one. `gets_the_rest`: without a cap the attempt
// whose successor could no longer double within `remaining` gets all of it.
// `missing_bytes`: what it has to download, if that is known.
absl::Duration AttemptTimeout(const RetryOptions& options,
                              const AttemptHistory& history,
                              absl::Duration remaining, bool gets_the_rest,
                              int64_t missing_bytes = 0);

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_RETRY_POLICY_H_
