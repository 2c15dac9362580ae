#include "prepull/base/clock.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace prepull {

void Wakeup::Notify() {
  {
    MutexLock lock(mutex_);
    is_raised_ = true;
  }
  raised_.notify_one();
}

bool Wakeup::Take() {
  MutexLock lock(mutex_);
  const bool was_raised = is_raised_;
  is_raised_ = false;
  return was_raised;
}

bool Wakeup::WaitFor(absl::Duration timeout) {
  // libstdc++ overflows on the largest durations; a day is for ever here,
  // because every caller looks at its own condition again.
  const absl::Duration bounded = std::min(timeout, absl::Hours(24));
  const auto until =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(bounded);
  MutexLock lock(mutex_);
  while (!is_raised_) {
    if (raised_.wait_until(mutex_, until) == std::cv_status::timeout) break;
  }
  const bool was_raised = is_raised_;
  is_raised_ = false;
  return was_raised;
}

Instant SystemClock::Now() const {
  return Instant(
      absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()));
}

absl::Time SystemClock::WallNow() const { return absl::Now(); }

void SystemClock::WaitUntil(Instant until, Wakeup& wakeup) {
  wakeup.WaitFor(std::max(until - Now(), absl::ZeroDuration()));
}

}  // namespace prepull
