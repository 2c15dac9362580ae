#include "src/controller/write_budget.h"

#include <gtest/gtest.h>

namespace prepull {
namespace {

Instant After(absl::Duration d) { return Instant(absl::Hours(1)) + d; }

int TakenAt(WriteBudget& budget, Instant now) {
  int taken = 0;
  while (budget.Take(now)) ++taken;
  return taken;
}

TEST(WriteBudgetTest, IsFullAtFirst) {
  WriteBudget budget(20, 40);

  EXPECT_EQ(TakenAt(budget, After(absl::ZeroDuration())), 40);
}

TEST(WriteBudgetTest, FillsWithTimeAndNotBeyondItsSize) {
  WriteBudget budget(20, 40);
  TakenAt(budget, After(absl::ZeroDuration()));

  EXPECT_EQ(TakenAt(budget, After(absl::Milliseconds(260))), 5);
  EXPECT_EQ(TakenAt(budget, After(absl::Hours(1))), 40);
}

TEST(WriteBudgetTest, SaysWhenThereIsOneAgain) {
  WriteBudget budget(20, 2);
  EXPECT_LE(budget.NextAt(), After(absl::ZeroDuration()));
  TakenAt(budget, After(absl::ZeroDuration()));

  const Instant next = budget.NextAt();

  EXPECT_LE(next, After(absl::Milliseconds(51)));
  EXPECT_FALSE(budget.Take(next - absl::Milliseconds(1)));
  EXPECT_TRUE(budget.Take(budget.NextAt()));
}

// Else whoever waits until then would wait for nothing, again and again.
TEST(WriteBudgetTest, ThenThereIsOne) {
  for (int i = 1; i < 2000; ++i) {
    WriteBudget budget(20.0 / i, 1);
    Instant now = After(absl::Nanoseconds(7 * i));
    TakenAt(budget, now);
    EXPECT_FALSE(budget.Take(now + absl::Microseconds(i)));

    EXPECT_TRUE(budget.Take(budget.NextAt())) << i;
  }
}

TEST(WriteBudgetTest, OverAnHourKeepsToItsRate) {
  WriteBudget budget(20, 40);
  Instant now = After(absl::ZeroDuration());
  int taken = 0;
  while (now < After(absl::Hours(1))) {
    taken += TakenAt(budget, now);
    now = budget.NextAt();
  }

  EXPECT_LE(taken, 20 * 3600 + 40);
  EXPECT_GE(taken, 20 * 3600);
}

}  // namespace
}  // namespace prepull
