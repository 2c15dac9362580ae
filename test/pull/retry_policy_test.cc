#include "src/pull/retry_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr absl::Duration kNoTime = absl::ZeroDuration();
const ErrorClass kTransient = {.reason = Reason::kRegistryUnavailable,
                               .retry = Retry::kWholeBudget};
const ErrorClass kSpoilt = {.reason = Reason::kRegistryUnavailable,
                            .retry = Retry::kForAMinute};

AttemptHistory Failures(int count) {
  return {.counted = count, .in_row = count};
}

TEST(DelayBeforeNextTest, DoublesUpToItsCap) {
  const RetryOptions options;

  EXPECT_THAT(DelayBeforeNext(options, Failures(1), kTransient, 0),
              Optional(absl::Seconds(1)));
  EXPECT_THAT(DelayBeforeNext(options, Failures(2), kTransient, 0),
              Optional(absl::Seconds(2)));
  EXPECT_THAT(DelayBeforeNext(options, Failures(6), kTransient, 0),
              Optional(absl::Seconds(32)));
  EXPECT_THAT(DelayBeforeNext(options, Failures(7), kTransient, 0),
              Optional(absl::Minutes(1)));
  EXPECT_THAT(DelayBeforeNext(options, Failures(100000), kTransient, 0),
              Optional(absl::Minutes(1)));
}

TEST(DelayBeforeNextTest, IsJitteredDownByUpToHalf) {
  const RetryOptions options;

  EXPECT_THAT(DelayBeforeNext(options, Failures(3), kTransient, 0.5),
              Optional(absl::Seconds(3)));
  EXPECT_GT(*DelayBeforeNext(options, Failures(3), kTransient, 0.999),
            absl::Seconds(2));
}

TEST(DelayBeforeNextTest, DoesNotRetryWhatIsPermanent) {
  for (const Retry retry :
       {Retry::kNever, Retry::kNextCredential, Retry::kStopRun}) {
    EXPECT_THAT(DelayBeforeNext({}, Failures(1), {.retry = retry}, 0),
                Eq(std::nullopt));
  }
}

TEST(DelayBeforeNextTest, TriesWhatDoesNotUnpackThreeTimesInAll) {
  const ErrorClass broken = {.retry = Retry::kFewTimes};

  EXPECT_TRUE(DelayBeforeNext({}, {.counted = 2, .in_row = 2, .few_times = 2},
                              broken, 0));
  EXPECT_FALSE(DelayBeforeNext({}, {.counted = 3, .in_row = 3, .few_times = 3},
                               broken, 0));
}

TEST(DelayBeforeNextTest, TriesWhatIsSpoiltOnTheWayForAMinute) {
  AttemptHistory history;
  Instant now;
  int tries = 0;
  std::optional<absl::Duration> delay;

  do {
    history.Add(kSpoilt, /*gained_bytes=*/false, now);
    ++tries;
    delay = DelayBeforeNext({}, history, kSpoilt, 0);
    if (delay) now = now + *delay;
  } while (delay);

  // 1 + 2 + 4 + 8 + 16 + 29 s.
  EXPECT_EQ(now - Instant(), absl::Minutes(1));
  EXPECT_EQ(tries, 7);
}

TEST(DelayBeforeNextTest, TriesWhatIsSpoiltOnALongWayThreeTimes) {
  AttemptHistory history;
  for (int i = 0; i < 2; ++i) {
    history.Add(kSpoilt, false, Instant() + i * absl::Hours(1));
  }

  EXPECT_TRUE(DelayBeforeNext({}, history, kSpoilt, 0));

  history.Add(kSpoilt, false, Instant() + absl::Hours(2));
  EXPECT_FALSE(DelayBeforeNext({}, history, kSpoilt, 0));
}

TEST(DelayBeforeNextTest, TheMinuteBeginsAnewAfterAnotherAnswer) {
  AttemptHistory history;
  for (int i = 0; i < 3; ++i) history.Add(kSpoilt, false, Instant());
  history.Add(kTransient, false, Instant() + absl::Seconds(59));

  history.Add(kSpoilt, false, Instant() + absl::Minutes(9));

  EXPECT_TRUE(DelayBeforeNext({}, history, kSpoilt, 0));
}

TEST(DelayBeforeNextTest, StopsAtTheMostAttempts) {
  const RetryOptions options = {.max_attempts = 2};

  EXPECT_TRUE(DelayBeforeNext(options, Failures(1), kTransient, 0));
  EXPECT_FALSE(DelayBeforeNext(options, Failures(2), kTransient, 0));
}

TEST(DelayBeforeNextTest, LeavesTheWaitForARateLimitToTheGate) {
  EXPECT_THAT(DelayBeforeNext({.max_attempts = 1}, {.in_row = 9},
                              {.retry = Retry::kLater}, 0),
              Optional(kNoTime));
}

// Of an attempt behind so many that gained nothing.
absl::Duration Timeout(const RetryOptions& options, int since_gain,
                       absl::Duration remaining) {
  return AttemptTimeout(options, {.since_gain = since_gain}, remaining,
                        /*gets_the_rest=*/true);
}

// What each of the first attempts gets, if each uses it all.
TEST(AttemptTimeoutTest, DoublesAndGivesAllThatIsLeftToTheLast) {
  const RetryOptions options;
  const absl::Duration overall = absl::Minutes(20);

  EXPECT_EQ(Timeout(options, 0, overall), absl::Seconds(30));
  EXPECT_EQ(Timeout(options, 1, overall - absl::Seconds(30)),
            absl::Seconds(60));
  EXPECT_EQ(Timeout(options, 2, overall - absl::Seconds(90)),
            absl::Seconds(120));
  EXPECT_EQ(Timeout(options, 3, overall - absl::Seconds(210)),
            absl::Seconds(240));
  EXPECT_EQ(Timeout(options, 4, overall - absl::Seconds(450)),
            absl::Seconds(750));
}

TEST(AttemptTimeoutTest, AnImageOfTwelveMinutesArrivesAtTheDefaults) {
  absl::Duration remaining = absl::Minutes(20);
  absl::Duration longest;
  int attempts = 0;

  while (remaining > kNoTime) {
    const absl::Duration timeout = Timeout({}, attempts++, remaining);
    longest = std::max(longest, timeout);
    remaining -= timeout;
  }

  EXPECT_GE(longest, absl::Minutes(12));
}

TEST(AttemptTimeoutTest, StaysBelowItsCap) {
  const RetryOptions options = {.max_timeout = absl::Minutes(5)};

  EXPECT_EQ(Timeout(options, 3, absl::Hours(1)), absl::Minutes(4));
  EXPECT_EQ(Timeout(options, 9, absl::Hours(1)), absl::Minutes(5));
  EXPECT_EQ(Timeout(options, 9, absl::Minutes(2)), absl::Minutes(2));
}

TEST(AttemptTimeoutTest, SurvivesAThousandAttempts) {
  EXPECT_EQ(Timeout({}, 1000, absl::Hours(4)), absl::Hours(4));
}

TEST(AttemptTimeoutTest, GivesTheRestToNobodyWhereACutLosesNothing) {
  const absl::Duration remaining = absl::Seconds(40);

  EXPECT_EQ(AttemptTimeout({}, {}, remaining, /*gets_the_rest=*/false),
            absl::Seconds(30));
  EXPECT_EQ(AttemptTimeout({}, {.since_gain = 5}, remaining, false), remaining);
}

TEST(AttemptHistoryTest, CountsWhatGainedNothing) {
  AttemptHistory history;
  history.Add(kTransient, /*gained_bytes=*/false, Instant());
  history.Add({.retry = Retry::kAtOnce}, false, Instant());

  EXPECT_EQ(history.counted, 2);
  EXPECT_EQ(history.since_gain, 2);
  EXPECT_EQ(history.in_row, 2);
}

TEST(AttemptHistoryTest, SetsDelayAndTimeoutBackAfterAGain) {
  AttemptHistory history;
  for (int i = 0; i < 5; ++i) history.Add(kTransient, false, Instant());

  history.Add(kTransient, /*gained_bytes=*/true, Instant());

  EXPECT_EQ(history.counted, 5);
  EXPECT_EQ(DelayBeforeNext({}, history, kTransient, 0), absl::Seconds(1));
  EXPECT_EQ(AttemptTimeout({}, history, absl::Hours(1), false),
            absl::Seconds(30));
}

TEST(AttemptHistoryTest, CountsAMismatchThatGainedBytesAsOneOfAFew) {
  AttemptHistory history;
  history.Add({.retry = Retry::kFewTimes}, /*gained_bytes=*/true, Instant());

  EXPECT_EQ(history.few_times, 1);
}

TEST(DelayWithinTest, LeavesADelayThatLeavesTimeForAnAttempt) {
  AttemptHistory history;

  EXPECT_THAT(DelayWithin(absl::Minutes(5), absl::Minutes(1), {}, history),
              Optional(absl::Minutes(1)));
  EXPECT_THAT(DelayWithin(absl::Seconds(90), absl::Minutes(1), {}, history),
              Optional(absl::Minutes(1)));
  EXPECT_THAT(DelayWithin(absl::Seconds(2), absl::Seconds(1), {}, history),
              Optional(absl::Seconds(1)));
}

TEST(DelayWithinTest, MakesOneLastTryOfADelayThatIsTooLong) {
  AttemptHistory history;

  EXPECT_THAT(DelayWithin(absl::Minutes(9), absl::Minutes(10), {}, history),
              Optional(absl::Minutes(9) - absl::Seconds(30)));
  EXPECT_THAT(DelayWithin(absl::Seconds(29), absl::Minutes(10), {}, history),
              Eq(std::nullopt));
}

TEST(DelayWithinTest, GivesHalfOfAShortRestToTheLastTry) {
  AttemptHistory history;

  EXPECT_THAT(DelayWithin(absl::Seconds(8), absl::Seconds(7), {}, history),
              Optional(absl::Seconds(4)));
}

TEST(DelayWithinTest, AShortDelayMayFollowTheLastTry) {
  AttemptHistory history = {.had_last_try = true};

  EXPECT_THAT(DelayWithin(absl::Seconds(8), kNoTime, {}, history),
              Optional(kNoTime));
}

TEST(DelayWithinTest, HasNothingLeftAtTheDeadline) {
  AttemptHistory history;

  EXPECT_THAT(DelayWithin(kNoTime, absl::Seconds(1), {}, history),
              Eq(std::nullopt));
}

TEST(DelayBeforeNextTest, TriesAnAttemptThatWasCutAgainAtOnce) {
  const ErrorClass cut = {.retry = Retry::kAtOnce};

  EXPECT_THAT(DelayBeforeNext({}, Failures(9), cut, 0), Optional(kNoTime));
  EXPECT_FALSE(DelayBeforeNext({.max_attempts = 2}, Failures(2), cut, 0));
}

}  // namespace
}  // namespace prepull
