// Time that a test moves: a whole run plays in one thread, in no time.
//
// Whoever waits jumps to the next thing that was arranged with At, or to the
// end of the wait. Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_CLOCK_H_
#define PREPULL_TEST_SUPPORT_FAKE_CLOCK_H_

#include <functional>
#include <map>
#include <utility>

#include "prepull/base/clock.h"

namespace prepull {

class FakeClock : public Clock {
 public:
  Instant Now() const override { return now_; }
  absl::Time WallNow() const override {
    return wall_origin_ + (now_ - Instant());
  }
  void WaitUntil(Instant until, Wakeup& wakeup) override;

  // Calls `event` when that much time has passed from now.
  void After(absl::Duration delay, std::function<void()> event) {
    events_.emplace(now_ + delay, std::move(event));
  }

  // Lets time pass, with all that was arranged for it.
  void Advance(absl::Duration d);

  // The wall clock jumps; deadlines must not notice.
  void JumpWallClock(absl::Duration d) { wall_origin_ += d; }

 private:
  void RunNext();

  Instant now_ = Instant(absl::Hours(1));
  absl::Time wall_origin_ = absl::FromUnixSeconds(1767322800 - 3600);
  std::multimap<Instant, std::function<void()>> events_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_CLOCK_H_
