// Time that a test moves while other threads look at it and wait for it.
#ifndef PREPULL_TEST_SUPPORT_SHARED_CLOCK_H_
#define PREPULL_TEST_SUPPORT_SHARED_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "prepull/base/clock.h"

namespace prepull {

class SharedClock : public Clock {
 public:
  Instant Now() const override {
    return Instant(absl::Hours(1) + absl::Milliseconds(passed_ms_.load()));
  }
  absl::Time WallNow() const override {
    return absl::UnixEpoch() + Now().since_origin();
  }
  // Looks every millisecond whether the test has moved the time so far.
  void WaitUntil(Instant until, Wakeup& wakeup) override {
    while (Now() < until && !wakeup.WaitFor(absl::Milliseconds(1))) {
    }
  }

  void Advance(absl::Duration d) { passed_ms_ += absl::ToInt64Milliseconds(d); }

 private:
  std::atomic<int64_t> passed_ms_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_SHARED_CLOCK_H_
