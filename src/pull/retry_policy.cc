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

bool IsCounted(Retry retry) {
  return retry != Retry::kLater && retry != Retry::kUncounted &&
         retry != Retry::kAwaitRuntime;
}

}  // namespace

void AttemptHistory::Add(const ErrorClass& error, bool gained_bytes) {
  if (error.retry == Retry::kFewTimes) ++few_times;
  if (gained_bytes) {
    since_gain = 0;
    in_row = 1;
    return;
  }
  ++in_row;
  if (!IsCounted(error.retry)) return;
  ++counted;
  ++since_gain;
}

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
    case Retry::kAtOnce:
      if (IsExhausted(options, history)) return std::nullopt;
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

absl::Duration AttemptTimeout(const RetryOptions& options,
                              const AttemptHistory& history,
                              absl::Duration remaining, bool gets_the_rest) {
  const absl::Duration doubled =
      Doubled(options.first_timeout, history.since_gain);
  if (options.max_timeout > absl::ZeroDuration()) {
    return std::min({doubled, options.max_timeout, remaining});
  }
  const bool is_last = gets_the_rest && remaining - doubled < 2 * doubled;
  return is_last ? remaining : std::min(doubled, remaining);
}

}  // namespace prepull
