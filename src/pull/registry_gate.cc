#include "src/pull/registry_gate.h"

#include <algorithm>
#include <cmath>

namespace prepull {
namespace {

constexpr absl::Duration kMinClosing = absl::Seconds(30);
constexpr absl::Duration kMaxClosing = absl::Minutes(5);
// "retry-after: 880µs" (seen on ghcr.io) would be no pause at all.
constexpr absl::Duration kMinRequestedClosing = absl::Seconds(1);
// A registry says 429 before it sends bytes; CRI-O asks five times within a
// minute before it passes it on.
constexpr absl::Duration kProbeTimeout = absl::Seconds(30);

}  // namespace

bool RegistryGate::IsOpen(Instant now) const {
  switch (state_) {
    case State::kOpen:
      return true;
    case State::kClosed:
      return now >= closed_until_;
    case State::kProbing:
      return now >= probe_started_ + kProbeTimeout;
  }
  return true;
}

Instant RegistryGate::NextChange(Instant now) const {
  if (IsOpen(now)) return Instant::Never();
  return state_ == State::kClosed ? closed_until_
                                  : probe_started_ + kProbeTimeout;
}

void RegistryGate::OnStart(Instant now) {
  if (state_ == State::kClosed) {
    state_ = State::kProbing;
    probe_started_ = now;
  } else if (state_ == State::kProbing) {
    state_ = State::kOpen;  // the probe has outlasted its grace
  }
}

void RegistryGate::OnAnswer(Instant started) {
  if (state_ == State::kOpen || started < closed_at_) return;
  if (state_ == State::kClosed) return;
  state_ = State::kOpen;
  times_closed_ = 0;
}

void RegistryGate::OnRateLimit(Instant now, Instant started,
                               std::optional<absl::Duration> retry_after,
                               double dice) {
  const bool is_news = state_ != State::kClosed && started >= closed_at_;
  if (!is_news && state_ != State::kClosed) return;
  if (is_news) {
    ++times_closed_;
    closed_at_ = now;
    closed_until_ = now;
    state_ = State::kClosed;
  }
  const absl::Duration doubled = std::min(
      kMinClosing * std::exp2(std::min(times_closed_ - 1, 10)), kMaxClosing);
  const absl::Duration pause =
      retry_after ? std::max(*retry_after, kMinRequestedClosing) : doubled;
  closed_until_ =
      std::max(closed_until_, closed_at_ + pause * (1.0 + 0.25 * dice));
}

void RegistryGate::OnNoAnswer(Instant started) {
  if (state_ == State::kProbing && started >= probe_started_) {
    state_ = State::kClosed;
  }
}

void RegistryGate::OnFailure(const ErrorClass& error, Instant now,
                             Instant started, double dice) {
  switch (error.retry) {
    case Retry::kLater:
      return OnRateLimit(now, started, error.retry_after, dice);
    case Retry::kUncounted:
    case Retry::kAwaitRuntime:
    case Retry::kStopRun:
      return OnNoAnswer(started);
    default:
      return OnAnswer(started);
  }
}

}  // namespace prepull
