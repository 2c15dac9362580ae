#include "prepull/base/clock.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace prepull {

void Wakeup::Notify() {
  // Under the lock: the waiter may destroy the wakeup as soon as it has it.
  MutexLock lock(mutex_);
  is_set_ = true;
  changed_.notify_one();
}

bool Wakeup::Clear() {
  MutexLock lock(mutex_);
  const bool was_set = is_set_;
  is_set_ = false;
  return was_set;
}

bool Wakeup::WaitFor(absl::Duration timeout) {
  // libstdc++ overflows on the largest durations; a day is for ever here,
  // because every caller looks at its own condition again.
  const absl::Duration bounded = std::min(timeout, absl::Hours(24));
  const auto until =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(bounded);
  MutexLock lock(mutex_);
  while (!is_set_) {
    if (changed_.wait_until(mutex_, until) == std::cv_status::timeout) break;
  }
  const bool was_set = is_set_;
  is_set_ = false;
  return was_set;
}

bool Clock::SleepUntil(Instant until, const std::stop_token& stop) {
  Wakeup wakeup;
  const std::stop_callback wake(stop, [&wakeup] { wakeup.Notify(); });
  while (!stop.stop_requested() && Now() < until) WaitUntil(until, wakeup);
  return !stop.stop_requested();
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
