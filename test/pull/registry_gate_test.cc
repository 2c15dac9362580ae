#include "src/pull/registry_gate.h"

#include <gtest/gtest.h>

namespace prepull {
namespace {

class RegistryGateTest : public testing::Test {
 protected:
  Instant At(int seconds) const {
    return Instant(absl::Hours(1) + absl::Seconds(seconds));
  }

  // A pull that starts at `started` runs into the limit at `ended`.
  void Limit(int started, int ended,
             std::optional<absl::Duration> retry_after = std::nullopt) {
    gate_.OnStart(At(started));
    gate_.OnRateLimit(At(ended), At(started), retry_after, 0);
  }

  RegistryGate gate_;
};

TEST_F(RegistryGateTest, IsOpenAtFirst) {
  EXPECT_TRUE(gate_.IsOpen(At(0)));
  EXPECT_EQ(gate_.NextChange(At(0)), Instant::Never());
}

TEST_F(RegistryGateTest, ClosesForHalfAMinute) {
  Limit(0, 1);

  EXPECT_FALSE(gate_.IsOpen(At(30)));
  EXPECT_EQ(gate_.NextChange(At(2)), At(31));
  EXPECT_TRUE(gate_.IsOpen(At(31)));
}

TEST_F(RegistryGateTest, KnowsUntilWhenItStaysClosed) {
  EXPECT_FALSE(gate_.StaysClosedUntil(At(0)));

  Limit(0, 1, absl::Minutes(1));

  EXPECT_TRUE(gate_.StaysClosedUntil(At(61)));
  EXPECT_FALSE(gate_.StaysClosedUntil(At(62)));
}

TEST_F(RegistryGateTest, AProbesAnswerMayOpenIt) {
  Limit(0, 1);

  gate_.OnStart(At(31));

  EXPECT_FALSE(gate_.StaysClosedUntil(At(40)));
}

TEST_F(RegistryGateTest, LetsOneProbeThrough) {
  Limit(0, 1);

  gate_.OnStart(At(31));

  EXPECT_FALSE(gate_.IsOpen(At(32)));
}

TEST_F(RegistryGateTest, OpensWhenTheProbeIsAnswered) {
  Limit(0, 1);
  gate_.OnStart(At(31));

  gate_.OnAnswer(At(31));

  EXPECT_TRUE(gate_.IsOpen(At(32)));
}

TEST_F(RegistryGateTest, OpensWhenTheProbeIsStillAtItAfterHalfAMinute) {
  Limit(0, 1);
  gate_.OnStart(At(31));

  EXPECT_EQ(gate_.NextChange(At(32)), At(61));
  EXPECT_TRUE(gate_.IsOpen(At(61)));
}

TEST_F(RegistryGateTest, DoublesUpToFiveMinutesWhileProbesFail) {
  Limit(0, 0);
  Limit(30, 30);
  EXPECT_EQ(gate_.NextChange(At(31)), At(90));
  Limit(90, 90);
  Limit(210, 210);
  Limit(450, 450);
  Limit(750, 750);

  EXPECT_EQ(gate_.NextChange(At(751)), At(1050));
}

TEST_F(RegistryGateTest, CountsPullsThatWereUnderWayTogetherAsOne) {
  gate_.OnStart(At(0));
  gate_.OnStart(At(0));
  gate_.OnStart(At(0));

  gate_.OnRateLimit(At(1), At(0), std::nullopt, 0);
  gate_.OnRateLimit(At(2), At(0), std::nullopt, 0);
  gate_.OnRateLimit(At(3), At(0), std::nullopt, 0);

  EXPECT_EQ(gate_.NextChange(At(3)), At(31));
}

TEST_F(RegistryGateTest, IsNotOpenedByAPullFromBeforeTheLimit) {
  gate_.OnStart(At(0));
  Limit(1, 2);
  gate_.OnStart(At(32));

  gate_.OnAnswer(At(0));

  EXPECT_FALSE(gate_.IsOpen(At(33)));
}

TEST_F(RegistryGateTest, IsNotClosedByAPullFromBeforeTheLastLimit) {
  gate_.OnStart(At(0));
  Limit(1, 2);
  gate_.OnStart(At(32));
  gate_.OnAnswer(At(32));

  gate_.OnRateLimit(At(40), At(0), std::nullopt, 0);

  EXPECT_TRUE(gate_.IsOpen(At(40)));
}

TEST_F(RegistryGateTest, WaitsAsLongAsTheRegistryAsked) {
  Limit(0, 1, absl::Minutes(10));

  EXPECT_EQ(gate_.NextChange(At(2)), At(601));
}

TEST_F(RegistryGateTest, PausesASecondWhenAskedForMicroseconds) {
  Limit(0, 1, absl::Microseconds(880));

  EXPECT_EQ(gate_.NextChange(At(1)), At(2));
}

TEST_F(RegistryGateTest, SpreadsAFleetButNeverBelowWhatWasAsked) {
  gate_.OnStart(At(0));

  gate_.OnRateLimit(At(0), At(0), absl::Seconds(100), 0.8);

  EXPECT_EQ(gate_.NextChange(At(0)), At(120));
}

TEST_F(RegistryGateTest, ProbesAgainWhenTheProbeGotNoAnswer) {
  Limit(0, 1);
  gate_.OnStart(At(31));

  gate_.OnNoAnswer(At(31));

  EXPECT_TRUE(gate_.IsOpen(At(32)));
  gate_.OnStart(At(32));
  EXPECT_FALSE(gate_.IsOpen(At(33)));
}

TEST_F(RegistryGateTest, StartsAtHalfAMinuteAgainAfterAnAnswer) {
  Limit(0, 0);
  Limit(30, 30);
  gate_.OnStart(At(90));
  gate_.OnAnswer(At(90));

  Limit(100, 100);

  EXPECT_EQ(gate_.NextChange(At(100)), At(130));
}

}  // namespace
}  // namespace prepull
