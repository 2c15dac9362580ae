#include "src/pull/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "test/pull/pool_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(PoolTest, StartsInTheOrderOfTheList) {
  NumberedPool pool(3, 0);
  for (size_t i = 0; i < 5; ++i) pool.Add(i, i % 2 ? "a" : "b", "", At(0));

  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0, 1, 2));
}

TEST(PoolTest, LendsSlotsAndTakesThemBack) {
  NumberedPool pool(1, 0);
  for (size_t i = 0; i < 5; ++i) pool.Add(i, "a", "", At(0));

  pool.Lend(2);
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0, 1, 2));
  pool.Lend(0);
  pool.Release("a");
  pool.Release("a");
  EXPECT_THAT(pool.Take(At(1)), Eq(std::nullopt));
  pool.Release("a");
  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(3));
}

TEST(PoolTest, HoldsNoSlotForWhatIsNotDue) {
  NumberedPool pool(1, 0);
  pool.Add(0, "a", "", At(10));
  pool.Add(1, "a", "", At(0));

  EXPECT_THAT(pool.Take(At(0)), Optional(1));
  pool.Release("a");
  EXPECT_THAT(pool.Take(At(9)), Eq(std::nullopt));
  EXPECT_EQ(pool.NextChange(At(9)), At(10));
  EXPECT_THAT(pool.Take(At(10)), Optional(0));
}

TEST(PoolTest, PutsARetryBehindWhatWasNeverTried) {
  NumberedPool pool(1, 0);
  pool.Add(0, "a", "", At(0));
  pool.Add(1, "a", "", At(0));
  pool.Take(At(0));
  pool.Release("a");

  pool.Add(0, "a", "", At(0));

  EXPECT_THAT(pool.Take(At(5)), Optional(1));
}

TEST(PoolTest, TakesOutWhatAGateHoldsBackTooLong) {
  NumberedPool pool(2, 0);
  for (size_t i = 0; i < 6; ++i) {
    // The first runs; of a/app the second is to be the next, the third parked.
    pool.Add(i, i == 5 ? "b" : "a", i < 3 ? "a/app" : "", At(i == 3 ? 99 : 0));
  }
  pool.Take(At(0));
  pool.gate("a").OnRateLimit(At(1), At(0), absl::Minutes(1), 0);

  EXPECT_THAT(pool.TakeShutOut(At(62)), IsEmpty());
  EXPECT_THAT(pool.TakeShutOut(At(61)), ElementsAre(1, 2, 3, 4));

  pool.LetOthersIn(0, "a/app");
  pool.Release("a");
  EXPECT_THAT(TakeAll(pool, At(100)), ElementsAre(5));
  pool.Release("b");
  EXPECT_TRUE(pool.is_idle());
}

TEST(PoolTest, LimitsOneRegistryWithoutHoldingUpTheOthers) {
  NumberedPool pool(10, 2);
  for (size_t i = 0; i < 4; ++i) pool.Add(i, "slow", "", At(0));
  pool.Add(4, "other", "", At(0));

  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0, 1, 4));
  EXPECT_EQ(pool.NextChange(At(0)), Instant::Never());
  pool.Release("slow");
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(2));
}

TEST(PoolTest, ClosesOneRegistryWithoutHoldingUpTheOthers) {
  NumberedPool pool(10, 0);
  pool.Add(0, "limited", "", At(0));
  pool.Add(1, "limited", "", At(0));
  pool.Add(2, "other", "", At(0));
  pool.gate("limited").OnRateLimit(At(0), At(0), std::nullopt, 0);

  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(2));
  EXPECT_EQ(pool.NextChange(At(1)), At(30));
  EXPECT_THAT(TakeAll(pool, At(30)), ElementsAre(0));
}

TEST(PoolTest, LetsOnePullBeAloneInItsRepositoryUntilItLetsOthersIn) {
  NumberedPool pool(10, 0);
  for (size_t i = 0; i < 3; ++i) pool.Add(i, "a", "a/app", At(0));
  pool.Add(3, "a", "a/other", At(0));
  pool.Add(4, "a", "", At(0));  // any number of these

  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0, 3, 4));
  EXPECT_EQ(pool.NextChange(At(0)), Instant::Never());
  pool.LetOthersIn(0, "a/app");
  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(1));
  pool.LetOthersIn(0, "a/app");  // has done so before
  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre());
  pool.LetOthersIn(1, "a/app");
  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(2));
  pool.LetOthersIn(2, "a/app");
  EXPECT_FALSE(pool.is_idle());
}

TEST(PoolTest, WhatIsNotDueKeepsNobodyOutOfItsRepository) {
  NumberedPool pool(10, 0);
  pool.Add(0, "a", "a/app", At(0));
  pool.Add(1, "a", "a/app", At(60));
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0));

  pool.LetOthersIn(0, "a/app");
  pool.Add(2, "a", "a/app", At(5));

  EXPECT_EQ(pool.NextChange(At(1)), At(5));
  EXPECT_THAT(TakeAll(pool, At(5)), ElementsAre(2));
}

TEST(PoolTest, TheNextOfARepositoryWaitsForASlotAsEveryoneDoes) {
  NumberedPool pool(1, 0);
  pool.Add(0, "a", "a/app", At(0));
  pool.Add(1, "a", "a/app", At(0));
  pool.Add(2, "a", "", At(0));
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0));
  EXPECT_THAT(pool.Take(At(0)), Eq(std::nullopt));

  pool.LetOthersIn(0, "a/app");
  pool.Release("a");

  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(1));
}

TEST(PoolTest, TheNextOfARepositoryWaitsForTheSlotsOfItsRegistry) {
  NumberedPool pool(10, 2);
  for (size_t i = 0; i < 3; ++i) pool.Add(i, "a", "a/app", At(0));
  pool.Add(3, "a", "", At(0));
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0, 3));

  pool.LetOthersIn(0, "a/app");
  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre());
  EXPECT_EQ(pool.NextChange(At(1)), Instant::Never());
  pool.Release("a");

  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(1));
}

TEST(PoolTest, TheNextOfARepositoryWaitsForTheGateOfItsRegistry) {
  NumberedPool pool(10, 0);
  for (size_t i = 0; i < 2; ++i) pool.Add(i, "a", "a/app", At(0));
  pool.Add(2, "a", "a/other", At(0));
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0, 2));
  pool.gate("a").OnRateLimit(At(0), At(0), std::nullopt, 0);

  pool.LetOthersIn(0, "a/app");
  pool.Release("a");

  EXPECT_EQ(pool.NextChange(At(1)), At(30));
  EXPECT_THAT(TakeAll(pool, At(29)), ElementsAre());
  EXPECT_THAT(TakeAll(pool, At(30)), ElementsAre(1));
}

TEST(PoolTest, OneThatIsAloneComesBackBehindThoseItKeptWaiting) {
  NumberedPool pool(10, 0);
  for (size_t i = 0; i < 3; ++i) pool.Add(i, "a", "a/app", At(0));
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0));

  pool.LetOthersIn(0, "a/app");
  pool.Release("a");
  pool.Add(0, "a", "a/app", At(1));

  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(1));
  pool.LetOthersIn(1, "a/app");
  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(2));
  pool.LetOthersIn(2, "a/app");
  EXPECT_THAT(TakeAll(pool, At(1)), ElementsAre(0));
}

// Random pulls of few repositories behind gates that close: each ends, no two
// that want to be alone in a repository ever run together, and the pool is
// never asked in vain.
TEST(PoolTest, LosesNobodyBehindGatesAndRepositories) {
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(round);
    NumberedPool pool(1 + static_cast<int>(random() % 4),
                      static_cast<int>(random() % 3));
    struct Image {
      std::string registry;
      std::string repository;
      int tries;
    };
    std::vector<Image> images;
    for (size_t i = 0; i < 15; ++i) {
      const std::string registry = random() % 2 ? "a" : "b";
      const std::string repository =
          random() % 4 ? registry + std::to_string(random() % 3) : "";
      images.push_back({registry, repository, 1 + int(random() % 3)});
      pool.Add(i, registry, repository, At(int(random() % 3)));
    }
    std::set<size_t> running;
    int now = 0;
    for (; !pool.is_idle() && now < 5000; ++now) {
      for (const size_t taken : TakeAll(pool, At(now))) running.insert(taken);
      std::multiset<std::string> alone;
      for (const size_t i : running) alone.insert(images[i].repository);
      alone.erase("");
      EXPECT_EQ(std::set(alone.begin(), alone.end()).size(), alone.size());
      EXPECT_GT(pool.NextChange(At(now)), At(now));
      if (running.empty()) {
        EXPECT_NE(pool.NextChange(At(now)), Instant::Never());
        continue;
      }
      const size_t ended = *running.begin();
      running.erase(running.begin());
      Image& image = images[ended];
      pool.LetOthersIn(ended, image.repository);
      pool.Release(image.registry);
      if (random() % 5) {
        pool.gate(image.registry).OnAnswer(At(now));
      } else {
        pool.gate(image.registry)
            .OnRateLimit(At(now), At(now), std::nullopt, 0);
      }
      if (--image.tries > 0) {
        pool.Add(ended, image.registry, image.repository, At(now + 1));
      }
    }
    EXPECT_TRUE(pool.is_idle());
  }
}

TEST(PoolTest, StartsFirstWhatMostOthersWaitFor) {
  NumberedPool pool(3, 0);
  pool.Add(0, "a", "", At(0), /*weight=*/1);
  pool.Add(1, "b", "", At(0), /*weight=*/2);
  pool.Add(2, "a", "", At(0), /*weight=*/2);
  pool.Add(3, "a", "", At(1), /*weight=*/9);

  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(1, 2, 0));
}

TEST(PoolTest, LetsAllInOnceABlockerIsGone) {
  NumberedPool pool(10, 1);
  for (size_t i = 0; i < 4; ++i) {
    pool.Add(i, i % 2 ? "a" : "b", "a/app", At(0));
  }
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0));
  for (size_t i = 1; i < 4; ++i) pool.NeedsNotBeAlone(i);

  pool.LetAllIn(0, "a/app");

  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(1));
  pool.Release("a");
  pool.Release("b");
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(2, 3));
}

TEST(PoolTest, StartsOneWhoseBlockerHasChanged) {
  NumberedPool pool(10, 0);
  for (size_t i = 0; i < 3; ++i) pool.Add(i, "a", "a/app", At(0));
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0));

  pool.NeedsNotBeAlone(2);

  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(2));
}

TEST(PoolTest, LetsOthersDownloadWhileOneUnpacks) {
  NumberedPool pool(3, 0, /*downloads=*/1);
  for (size_t i = 0; i < 5; ++i) pool.Add(i, "a", "", At(0));
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(0));

  pool.ReleaseDownload();
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(1));
  pool.ReleaseDownload();
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(2));

  pool.ReleaseDownload();
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre());
  pool.Release("a", /*is_downloading=*/false);
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(3));
  pool.Release("a", /*is_downloading=*/true);
  EXPECT_THAT(TakeAll(pool, At(0)), ElementsAre(4));
}

TEST(PoolTest, IsIdleWhenNothingRunsAndNothingWaits) {
  NumberedPool pool(1, 0);
  EXPECT_TRUE(pool.is_idle());

  pool.Add(0, "a", "", At(0));
  EXPECT_FALSE(pool.is_idle());
  pool.Take(At(0));
  EXPECT_FALSE(pool.is_idle());
  pool.Release("a");
  EXPECT_TRUE(pool.is_idle());
}

// A thousand random lists: never more at once than allowed, and never a free
// slot while something that may start is due.
TEST(PoolTest, IsNeverOverfullAndNeverIdleWhileWorkIsDue) {
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    SCOPED_TRACE(round);
    const int concurrency = 1 + static_cast<int>(random() % 5);
    NumberedPool pool(concurrency, 0);
    const size_t images = random() % 20;
    std::multiset<int> due;
    for (size_t i = 0; i < images; ++i) {
      const int seconds = static_cast<int>(random() % 10);
      due.insert(seconds);
      pool.Add(i, random() % 2 ? "a" : "b", "", At(seconds));
    }
    size_t started = 0;
    for (int now = 0; now < 10; ++now) {
      started += TakeAll(pool, At(now)).size();

      const size_t is_due = std::distance(due.begin(), due.upper_bound(now));
      EXPECT_EQ(started, std::min<size_t>(is_due, concurrency));
      EXPECT_LE(pool.running(), concurrency);
    }
  }
}

}  // namespace
}  // namespace prepull
