// Real time, many times as fast: for what threads do together that wait for
// seconds.
#ifndef PREPULL_TEST_SUPPORT_HASTY_CLOCK_H_
#define PREPULL_TEST_SUPPORT_HASTY_CLOCK_H_

#include <algorithm>

#include "prepull/base/clock.h"

namespace prepull {

// Threads: safe to share.
class HastyClock : public Clock {
 public:
  explicit HastyClock(double haste) : haste_(haste) {}

  Instant Now() const override {
    return Instant((real_.Now() - begin_) * haste_);
  }
  absl::Time WallNow() const override {
    return begin_by_the_wall_ + Now().since_origin();
  }
  void WaitUntil(Instant until, Wakeup& wakeup) override {
    wakeup.WaitFor(std::max((until - Now()) / haste_, absl::ZeroDuration()));
  }

 private:
  const SystemClock real_;
  const double haste_;
  const Instant begin_ = real_.Now();
  const absl::Time begin_by_the_wall_ = real_.WallNow();
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_HASTY_CLOCK_H_
