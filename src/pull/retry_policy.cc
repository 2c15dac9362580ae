#include "src/pull/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace prepull {
namespace {

// A digest mismatch or a missing blob that stays for three tries is not going
// away: a proxy in between is broken.
constexpr int kFewTimes = 3;

// 2^60 seconds is longer than any run; more would overflow.
absl::Duration Doubled(absl::Duration first, int times) {
  return first * std::exp2(std::min(times, 60));
}

bool IsExhausted(const RetryOptions& options, const AttemptHistory& history) {
  return options.max_attempts > 0 && history.counted >= options.max_attempts;
}

}  // namespace

std::optional<absl::Duration> DelayBeforeNext(const RetryOptions& options,
                                              const AttemptHistory& history,
                                              const ErrorClass& error,
                                              double dice) {
  switch (error.retry) {
    case Retry::kNever:
    case Retry::kNextCredential:
    case Retry::kStopRun:
      return std::nullopt;
    case Retry::kLater:
      return absl::ZeroDuration();
    case Retry::kFewTimes:
      if (history.few_times >= kFewTimes) return std::nullopt;
      break;
    case Retry::kWholeBudget:
    case Retry::kUncounted:
    case Retry::kAwaitRuntime:
      break;
  }
  if (IsExhausted(options, history)) return std::nullopt;
  const absl::Duration doubled =
      Doubled(options.first_delay, std::max(history.in_row, 1) - 1);
  return std::min(doubled, options.max_delay) * (1.0 - 0.5 * dice);
}

absl::Duration AttemptTimeout(const RetryOptions& options, int counted_attempts,
                              absl::Duration remaining) {
  const absl::Duration doubled =
      Doubled(options.first_timeout, counted_attempts);
  if (options.max_timeout > absl::ZeroDuration()) {
    return std::min({doubled, options.max_timeout, remaining});
  }
  return remaining - doubled < 2 * doubled ? remaining : doubled;
}

}  // namespace prepull
