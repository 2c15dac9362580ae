// Time as a seam: a monotonic instant for deadlines and windows, wall time for
// reports only, and the one way to wait.
//
// A jump of the wall clock moves no deadline. A single thread waits on a
// Wakeup until other threads notify it or an instant passes, so that a
// FakeClock can play a whole run in one thread.
#ifndef PREPULL_BASE_CLOCK_H_
#define PREPULL_BASE_CLOCK_H_

#include <compare>
#include <condition_variable>

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

// A flag that one thread waits for and any thread may raise.
//
// Raised before the wait it ends the wait at once; a wait takes it down.
// Threads: Notify from any, the waiting from one.
class Wakeup {
 public:
  void Notify();

  // Takes the flag down; true if it was up.
  bool Take();

  // Blocks until the flag is up (and takes it down) or `timeout` has passed.
  // For clocks; others wait through Clock::WaitUntil.
  bool WaitFor(absl::Duration timeout);

 private:
  Mutex mutex_;
  std::condition_variable_any raised_;
  bool is_raised_ ABSL_GUARDED_BY(mutex_) = false;
};

// Threads: safe to share.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual Instant Now() const = 0;

  // For reports only: it may jump.
  virtual absl::Time WallNow() const = 0;

  // Blocks until `wakeup` is notified or `until` has come.
  virtual void WaitUntil(Instant until, Wakeup& wakeup) = 0;
};

class SystemClock : public Clock {
 public:
  Instant Now() const override;
  absl::Time WallNow() const override;
  void WaitUntil(Instant until, Wakeup& wakeup) override;
};

}  // namespace prepull

#endif  // PREPULL_BASE_CLOCK_H_
