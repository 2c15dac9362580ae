// Time as a seam: a monotonic instant for deadlines and windows, wall time for
// reports only, and the one way to wait.
//
// A jump of the wall clock does not move deadlines. A thread waits on a Wakeup
// until another thread notifies it or an instant passes, so that a FakeClock
// can play a whole run in one thread.
#ifndef PREPULL_BASE_CLOCK_H_
#define PREPULL_BASE_CLOCK_H_

#include <compare>
#include <condition_variable>
#include <stop_token>

#include "absl/time/time.h"
#include "prepull/base/mutex.h"

namespace prepull {

// A point on the monotonic clock. Its origin means nothing.
class Instant {
 public:
  Instant() = default;
  explicit Instant(absl::Duration since_origin) : since_origin_(since_origin) {}

  static Instant Never() { return Instant(absl::InfiniteDuration()); }

  absl::Duration since_origin() const { return since_origin_; }

  friend Instant operator+(Instant at, absl::Duration d) {
    return Instant(at.since_origin_ + d);
  }
  friend Instant operator-(Instant at, absl::Duration d) {
    return Instant(at.since_origin_ - d);
  }
  friend absl::Duration operator-(Instant a, Instant b) {
    return a.since_origin_ - b.since_origin_;
  }
  friend bool operator==(Instant a, Instant b) {
    return a.since_origin_ == b.since_origin_;
  }
  friend std::strong_ordering operator<=>(Instant a, Instant b) {
    if (a.since_origin_ < b.since_origin_) return std::strong_ordering::less;
    if (b.since_origin_ < a.since_origin_) return std::strong_ordering::greater;
    return std::strong_ordering::equal;
  }

 private:
  absl::Duration since_origin_;
};

// A flag that one thread waits for and any thread may set.
//
// Set before the wait it ends the wait at once; a wait clears it. Whoever has
// waited for the last Notify may destroy it.
// Threads: Notify from any, the waiting from one.
class Wakeup {
 public:
  void Notify();

  // Clears the flag. Returns whether it was set.
  bool Clear();

  // Blocks until the flag is set (and clears it) or `timeout` has passed. For
  // clocks; others wait through Clock::WaitUntil.
  bool WaitFor(absl::Duration timeout);

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool is_set_ ABSL_GUARDED_BY(mutex_) = false;
};

// Threads: safe to share.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual Instant Now() const = 0;

  // For reports only: may jump.
  virtual absl::Time WallNow() const = 0;

  // Blocks until `wakeup` is notified or `until` has passed.
  virtual void WaitUntil(Instant until, Wakeup& wakeup) = 0;

  // Sleeps until `until` or until `stop` is requested. Returns whether it was
  // not: whether the sleeper may go on.
  bool SleepUntil(Instant until, const std::stop_token& stop);
};

class SystemClock : public Clock {
 public:
  Instant Now() const override;
  absl::Time WallNow() const override;
  void WaitUntil(Instant until, Wakeup& wakeup) override;
};

}  // namespace prepull

#endif  // PREPULL_BASE_CLOCK_H_
