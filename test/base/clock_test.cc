#include "prepull/base/clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <thread>

#include "test/support/fake_clock.h"

namespace prepull {
namespace {

using ::testing::Ge;
using ::testing::Gt;
using ::testing::Lt;

constexpr absl::Duration kLong = absl::Seconds(20);

TEST(InstantTest, MovesByDurations) {
  const Instant noon(absl::Hours(12));

  EXPECT_EQ(noon + absl::Hours(1), Instant(absl::Hours(13)));
  EXPECT_EQ(noon - absl::Hours(1), Instant(absl::Hours(11)));
  EXPECT_EQ(Instant(absl::Hours(13)) - noon, absl::Hours(1));
  EXPECT_EQ(noon.since_origin(), absl::Hours(12));
}

TEST(InstantTest, IsOrderedByTime) {
  const Instant noon(absl::Hours(12));

  EXPECT_THAT(noon, Lt(noon + absl::Nanoseconds(1)));
  EXPECT_THAT(noon, Gt(noon - absl::Nanoseconds(1)));
  EXPECT_TRUE(noon <= noon && noon >= noon);
}

TEST(InstantTest, NeverIsLaterThanAnyOther) {
  const Instant in_a_thousand_years(absl::Hours(24 * 365 * 1000));

  EXPECT_THAT(Instant::Never(), Gt(in_a_thousand_years));
  EXPECT_EQ(Instant::Never() + kLong, Instant::Never());
  EXPECT_EQ(Instant::Never() - kLong, Instant::Never());
  EXPECT_EQ(Instant::Never() - in_a_thousand_years, absl::InfiniteDuration());
}

TEST(WakeupTest, RaisedBeforeTheWaitEndsItAtOnce) {
  Wakeup wakeup;
  wakeup.Notify();

  EXPECT_TRUE(wakeup.WaitFor(absl::ZeroDuration()));
}

TEST(WakeupTest, IsTakenDownByTheWaitItEnds) {
  Wakeup wakeup;
  wakeup.Notify();
  wakeup.WaitFor(kLong);

  EXPECT_FALSE(wakeup.WaitFor(absl::ZeroDuration()));
}

TEST(WakeupTest, RaisedTwiceItEndsOneWait) {
  Wakeup wakeup;
  wakeup.Notify();
  wakeup.Notify();

  EXPECT_TRUE(wakeup.Clear());
  EXPECT_FALSE(wakeup.Clear());
}

// For ThreadSanitizer, mostly.
TEST(WakeupTest, MayBeDestroyedOnceTheWaitHasEnded) {
  for (int i = 0; i < 1000; ++i) {
    auto wakeup = std::make_unique<Wakeup>();
    std::jthread notifier([&notified = *wakeup] { notified.Notify(); });

    EXPECT_TRUE(wakeup->WaitFor(kLong));
    wakeup.reset();
  }
}

TEST(WakeupTest, TakesATimeoutThatHasPassed) {
  Wakeup wakeup;

  EXPECT_FALSE(wakeup.WaitFor(-absl::InfiniteDuration()));
}

TEST(SystemClockTest, AWaitEndsWhenAnotherThreadNotifies) {
  SystemClock clock;
  Wakeup wakeup;
  const Instant start = clock.Now();

  std::jthread notifier([&wakeup] { wakeup.Notify(); });
  clock.WaitUntil(Instant::Never(), wakeup);

  EXPECT_THAT(clock.Now() - start, Lt(kLong));
}

TEST(SystemClockTest, AWaitEndsWhenItsTimeHasCome) {
  SystemClock clock;
  Wakeup wakeup;
  const Instant until = clock.Now() + absl::Milliseconds(20);

  clock.WaitUntil(until, wakeup);

  EXPECT_THAT(clock.Now(), Ge(until));
  EXPECT_THAT(clock.Now(), Lt(until + kLong));
}

TEST(SystemClockTest, DoesNotWaitForWhatHasPassed) {
  SystemClock clock;
  Wakeup wakeup;
  const Instant start = clock.Now();

  clock.WaitUntil(start - absl::Hours(1), wakeup);

  EXPECT_THAT(clock.Now() - start, Lt(kLong));
}

TEST(SystemClockTest, NeverGoesBack) {
  SystemClock clock;
  const Instant first = clock.Now();

  EXPECT_THAT(clock.Now(), Ge(first));
}

TEST(SystemClockTest, KnowsTheWallTime) {
  // When this was written; a machine whose clock is behind that has others
  // troubles as well.
  EXPECT_THAT(SystemClock().WallNow(), Gt(absl::FromUnixSeconds(1700000000)));
}

TEST(SleepUntilTest, SleepsUntilThen) {
  FakeClock clock;
  const Instant until = clock.Now() + absl::Hours(1);

  EXPECT_TRUE(clock.SleepUntil(until, {}));
  EXPECT_EQ(clock.Now(), until);
}

TEST(SleepUntilTest, EndsEarlyAtAStop) {
  FakeClock clock;
  std::stop_source stop;
  const Instant start = clock.Now();
  clock.After(absl::Minutes(1), [&stop] { stop.request_stop(); });

  EXPECT_FALSE(clock.SleepUntil(start + absl::Hours(1), stop.get_token()));
  EXPECT_EQ(clock.Now(), start + absl::Minutes(1));
}

TEST(SleepUntilTest, DoesNotSleepOnceStopped) {
  FakeClock clock;
  std::stop_source stop;
  const Instant start = clock.Now();
  stop.request_stop();

  EXPECT_FALSE(clock.SleepUntil(start + absl::Hours(1), stop.get_token()));
  EXPECT_EQ(clock.Now(), start);
}

}  // namespace
}  // namespace prepull
