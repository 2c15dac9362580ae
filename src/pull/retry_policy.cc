#include "src/pull/retry_policy.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace prepull {
namespace {

constexpr absl::Duration kNoTime = absl::ZeroDuration();
// An error that stays for so many tries is permanent.
constexpr int kFewTimes = 3;
// A plugin may have new credentials each time, which are no better.
constexpr int kMaxRefusals = 3;
// A fault on the way to the registry may be over in a moment.
constexpr absl::Duration kForAMinute = absl::Minutes(1);

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
// A pull that is slower may be cut: 10 of them share 20 Mbit/s.
constexpr int64_t kSlowestBytesPerSecond = 250'000;

}  // namespace

void AttemptHistory::Add(const ErrorClass& error, bool gained_bytes,
                         Instant now) {
  if (error.retry == Retry::kFewTimes) ++few_times;
  if (error.retry == Retry::kNextCredential) ++refused;
  const bool is_spoilt = error.retry == Retry::kForAMinute;
  if (!is_spoilt) spoilt_times = 0;
  if (is_spoilt && ++spoilt_times == 1) spoilt_since = now;
  spoilt_for = is_spoilt ? now - spoilt_since : kNoTime;
  // Wrong bytes do not count as gained.
  if (gained_bytes && !is_spoilt) {
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
    case Retry::kStopRun:
      return std::nullopt;
    case Retry::kNextCredential:
      if (!history.credentials_may_change || history.refused >= kMaxRefusals) {
        return std::nullopt;
      }
      break;
    case Retry::kLater:
      return kNoTime;
    case Retry::kAtOnce:
      if (IsExhausted(options, history)) return std::nullopt;
      return kNoTime;
    case Retry::kFewTimes:
      if (history.few_times >= kFewTimes) return std::nullopt;
      break;
    case Retry::kForAMinute:
      if (history.spoilt_times >= kFewTimes &&
          history.spoilt_for >= kForAMinute) {
        return std::nullopt;
      }
      break;
    case Retry::kWholeBudget:
    case Retry::kUncounted:
    case Retry::kAwaitRuntime:
      break;
  }
  if (IsExhausted(options, history)) return std::nullopt;
  const absl::Duration doubled =
      Doubled(options.first_delay, std::max(history.in_row, 1) - 1);
  const absl::Duration delay =
      std::min(doubled, options.max_delay) * (1.0 - 0.5 * dice);
  // The last try comes when the minute is over, and not a minute later.
  const absl::Duration minute_left = kForAMinute - history.spoilt_for;
  return error.retry == Retry::kForAMinute && minute_left > kNoTime
             ? std::min(delay, minute_left)
             : delay;
}

std::optional<absl::Duration> DelayWithin(absl::Duration remaining,
                                          absl::Duration delay,
                                          const RetryOptions& options,
                                          AttemptHistory& history) {
  const absl::Duration longest =
      remaining - std::min(options.first_timeout, remaining / 2);
  if (delay <= longest) return delay;
  if (remaining <= kNoTime) return std::nullopt;
  if (std::exchange(history.had_last_try, true)) return std::nullopt;
  return longest;
}

absl::Duration DownloadTime(int64_t missing_bytes) {
  return absl::Seconds(missing_bytes) / kSlowestBytesPerSecond;
}

absl::Duration AttemptTimeout(const RetryOptions& options,
                              const AttemptHistory& history,
                              absl::Duration remaining, bool gets_the_rest,
                              int64_t missing_bytes) {
  const absl::Duration doubled = Doubled(
      options.first_timeout + DownloadTime(missing_bytes), history.since_gain);
  if (options.max_timeout > kNoTime) {
    return std::min({doubled, options.max_timeout, remaining});
  }
  const bool is_last = gets_the_rest && remaining - doubled < 2 * doubled;
  return is_last ? remaining : std::min(doubled, remaining);
}

}  // namespace prepull
