// How often the engine asks the runtime, and what it does when the answers
// fail or come late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "test/pull/engine_watch_fixture.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kListed[] = "quay.io/a:1";

class EngineWatchListTest : public EngineWatchTest {
 protected:
  void AnswerListsWith(double seconds, absl::Status error) {
    At(seconds, [=, this] { store_.lists.error = error; });
  }

  const Layer layer_ = {"sha256:aa", 1000 * kMiB};
};

TEST_F(EngineWatchListTest, ListsOnceASecondWhileAnythingIsPulled) {
  runtime_.Script(kListed, {Takes(4.5)});

  Fetch({kListed});

  EXPECT_THAT(Asked(store_.lists), ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(EngineWatchListTest, ListsNothingWhileOnlyRetriesWait) {
  options_.retry.first_delay = absl::Seconds(60);
  witness_.wants_to_be_called = absl::Seconds(1);
  runtime_.Script(kListed, {Fails(Refused(), 1.5), Takes(1.5)});

  Fetch({kListed});

  EXPECT_THAT(StartsOf(kListed), ElementsAre(0, 61.5));
  EXPECT_THAT(Asked(store_.lists), ElementsAre(0, 1, 61.5, 62.5));
}

TEST_F(EngineWatchListTest, SearchesOnlyWhileAnUnknownManifestIsFetched) {
  runtime_.Script(kListed, {Fails(Reset(), 5), Takes(60)});
  ManifestAt(1.5, kListed, {layer_});

  Fetch({kListed});

  EXPECT_THAT(Asked(store_.searches), ElementsAre(0.25, 1.25, 2.25));
  EXPECT_THAT(store_.searched, Each("quay.io a"));
}

TEST_F(EngineWatchListTest, SearchesNothingWhileOnlyRetriesWait) {
  options_.retry.first_delay = absl::Seconds(60);
  witness_.wants_to_be_called = absl::Seconds(1);
  runtime_.Script(kListed, {Fails(Refused(), 1), Takes(1)});

  Fetch({kListed});

  // The last one is for its name.
  EXPECT_THAT(Asked(store_.searches), ElementsAre(0.25, 61.25, 62));
}

TEST_F(EngineWatchListTest, WhatCannotBeReadIsNotSearchedForAgainAtOnce) {
  runtime_.Script(kListed, {Takes(20)});
  ManifestAt(0.2, kListed, {layer_});
  At(0.21,
     [this] { store_.SetText(FakeContentStore::ManifestOf(kListed), "-"); });

  Fetch({kListed});

  // Once more for its name.
  EXPECT_THAT(Asked(store_.searches), ElementsAre(0.25, 20));
}

TEST_F(EngineWatchListTest, SearchesTheHostWithoutItsPort) {
  Fetch({"localhost:5000/team/app:1"});

  EXPECT_THAT(store_.searched, Each("localhost team/app"));
}

TEST_F(EngineWatchListTest, NeverSearchesForMoreThanFourAtOnce) {
  store_.searches.latency = absl::Seconds(3);
  std::vector<std::string> images;
  for (int i = 0; i < 10; ++i) {
    images.push_back(absl::StrCat("quay.io/a", i, ":1"));
    runtime_.Script(images.back(), {Takes(9)});
  }

  Fetch(images);

  std::vector<double> early = Asked(store_.searches);
  ASSERT_THAT(early, SizeIs(Ge(10)));
  EXPECT_THAT(std::vector(early.begin(), early.begin() + 8),
              ElementsAre(0.25, 0.25, 0.25, 0.25, 3.25, 3.25, 3.25, 3.25));
}

TEST_F(EngineWatchListTest, EveryImageIsSearchedForInItsTurn) {
  store_.searches.latency = absl::Seconds(1);
  std::vector<std::string> images;
  for (int i = 0; i < 8; ++i) {
    images.push_back(absl::StrCat("quay.io/a", i, ":1"));
    runtime_.Script(images.back(), {Takes(20)});
  }

  Fetch(images);

  const std::vector<std::string> early(store_.searched.begin(),
                                       store_.searched.begin() + 8);
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(early, Contains(absl::StrCat("quay.io a", i)));
  }
}

TEST_F(EngineWatchListTest, AListThatNeverAnswersIsAskedForAnew) {
  store_.lists.hangs = true;
  runtime_.Script(kListed, {Takes(25)});

  Fetch({kListed});

  EXPECT_THAT(Asked(store_.lists),
              ElementsAre(0, DoubleNear(10, 0.01), DoubleNear(20, 0.01)));
}

TEST_F(EngineWatchListTest, WithoutAListForLongThePlainTimeoutApplies) {
  runtime_.Script(kListed, {Hangs(), Takes(1)});
  ManifestAt(0.2, kListed, {layer_});
  DownloadAt(0.5, layer_, kMiB);
  At(10.5, [this] { store_.lists.hangs = true; });

  Fetch({kListed});

  // The last list is that of 10 s, and the timeout is 30 s.
  EXPECT_THAT(StartsOf(kListed), ElementsAre(0, AllOf(Ge(60), Le(73))));
}

TEST_F(EngineWatchListTest, ListsThatFailAreAsGoodAsNone) {
  runtime_.Script(kListed, {Hangs(), Takes(1)});
  ManifestAt(0.2, kListed, {layer_});
  DownloadAt(0.5, layer_, kMiB);
  AnswerListsWith(10.5, absl::InternalError("bolt: database is closed"));

  Fetch({kListed});

  EXPECT_THAT(StartsOf(kListed), ElementsAre(0, AllOf(Ge(60), Le(73))));
  EXPECT_TRUE(run_.features().byte_progress);
}

TEST_F(EngineWatchListTest, AFewListsThatFailHarmNothing) {
  options_.retry.first_timeout = absl::Seconds(1);
  const Layer layer = {"sha256:aa", 60 * kMiB};
  runtime_.Script(kListed, {Takes(61)});
  ManifestAt(0.2, kListed, {layer});
  DownloadAt(0.5, layer, kMiB);
  AnswerListsWith(10.5, absl::InternalError("busy"));
  AnswerListsWith(35.5, absl::OkStatus());

  Fetch({kListed});

  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(EngineWatchListTest, AListThatIsLateCutsNothing) {
  const Layer layer = {"sha256:aa", 600 * kMiB};
  runtime_.Script(kListed, {Takes(62)});
  ManifestAt(0.2, kListed, {layer});
  DownloadAt(0.5, layer, 10 * kMiB);
  At(10.5, [this] { store_.lists.latency = absl::Seconds(9); });

  Fetch({kListed});

  EXPECT_EQ(image(0).attempts, 1);
}

// It was resting when the list was asked for, and moves when that arrives.
TEST_F(EngineWatchListTest, AListThatIsLateTellsOfTheTimeOfItsQuestion) {
  runtime_.Script(kListed, {Takes(25)});
  ManifestAt(0.2, kListed, {layer_});
  DownloadAt(0.5, layer_, 10 * kMiB, 80 * kMiB);
  At(10.5, [this] { store_.lists.latency = absl::Seconds(9); });
  DownloadAt(14, layer_, 10 * kMiB);
  At(15, [this] { store_.lists.latency = absl::ZeroDuration(); });

  Fetch({kListed});

  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(EngineWatchListTest, ALongPauseBetweenAttemptsIsNoBlindness) {
  options_.retry.first_timeout = absl::Seconds(1);
  options_.retry.first_delay = absl::Seconds(60);
  runtime_.Script(kListed, {Fails(Reset(), 3.5), Takes(20)});
  ManifestAt(0.2, kListed, {layer_});
  At(10, [this] { store_.lists.latency = absl::Seconds(2); });
  DownloadAt(64, layer_, kMiB);

  Fetch({kListed});

  EXPECT_EQ(image(0).attempts, 2);
}

TEST_F(EngineWatchListTest, AnAttemptSettlesWithoutAListThatIsLate) {
  runtime_.Script(kListed, {Fails(Reset(), 5.5), Takes(1)});
  ManifestAt(0.2, kListed, {layer_});
  At(4.5, [this] { store_.lists.hangs = true; });

  Fetch({kListed});

  // Two seconds of patience and a delay.
  EXPECT_THAT(StartsOf(kListed), ElementsAre(0, 8.5));
}

TEST_F(EngineWatchListTest, APullOfTenMinutesTurnsTheEngineTwiceASecond) {
  std::vector<std::string> images;
  for (int i = 0; i < 5; ++i) {
    images.push_back(absl::StrCat("quay.io/a", i, ":1"));
    const Layer layer = {absl::StrCat("sha256:aa", i), 599 * kMiB};
    runtime_.Script(images.back(), {Takes(600)});
    ManifestAt(0.2, images.back(), {layer});
    DownloadAt(0.5, layer, kMiB);
  }

  Fetch(images);

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_LE(store_.lists.asked.size(), 601);
  EXPECT_LE(witness_.turns, 1300);
}

// Blobs that wait for a lock are asked about every five seconds.
TEST_F(EngineWatchListTest, APullThatWaitsForLongTurnsTheEngineNoMoreOften) {
  std::vector<Layer> layers;
  for (int i = 0; i < 10; ++i) {
    layers.push_back({absl::StrCat("sha256:aa", i), kMiB});
  }
  runtime_.Script(kListed, {Takes(600)});
  ManifestAt(0.2, kListed, layers);
  DownloadAt(0, {"sha256:foreign", 1000 * kMiB}, kMiB);

  Fetch({kListed});

  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_LE(store_.lookups.asked.size(), 10 * 121 + 1);
  // Two a second, and one for each blob's answer.
  EXPECT_LE(witness_.turns, 1200 + 1300);
}

TEST_F(EngineWatchListTest, WithoutAStallTimeoutNothingIsListed) {
  options_.stall_timeout = absl::ZeroDuration();
  runtime_.Script(kListed, {Takes(5)});

  Fetch({kListed});

  EXPECT_FALSE(run_.features().byte_progress);
  EXPECT_EQ(run_.features().resume, Resume::kAlways);
  EXPECT_THAT(runtime_.calls()[0].lease_id, Not(IsEmpty()));
  EXPECT_THAT(store_.lists.asked, IsEmpty());
  EXPECT_THAT(store_.searches.asked, IsEmpty());
}

TEST_F(EngineWatchListTest, ARuntimeThatDoesNotListIsPulledFromPlainly) {
  store_.lists.error = absl::UnimplementedError("unknown service");
  runtime_.Script(kListed, {Hangs(), Hangs(), Takes(1)});

  Fetch({kListed});

  EXPECT_FALSE(run_.features().byte_progress);
  EXPECT_THAT(StartsOf(kListed), ElementsAre(0, 31, 93));
  EXPECT_THAT(store_.lists.asked, SizeIs(1));
  EXPECT_THAT(store_.searches.asked, IsEmpty());
}

// As after an update of the runtime.
TEST_F(EngineWatchListTest, ARuntimeThatListsNoMoreKeepsNobodyWaiting) {
  runtime_.Script(kListed, {Fails(Reset(), 5.5), Takes(1)});
  ManifestAt(0.2, kListed, {layer_});
  AnswerListsWith(5.2, absl::UnimplementedError("unknown service"));

  Fetch({kListed});

  EXPECT_THAT(StartsOf(kListed), ElementsAre(0, DoubleNear(6.575, 0.001)));
}

TEST_F(EngineWatchListTest, ARuntimeThatListsNoMoreIsPulledFromPlainly) {
  options_.retry.first_timeout = absl::Seconds(5);
  runtime_.Script(kListed, {Hangs(), Takes(1)});
  ManifestAt(0.2, kListed, {layer_});
  DownloadAt(0.5, layer_, kMiB);
  AnswerListsWith(5.2, absl::UnimplementedError("unknown service"));

  Fetch({kListed});

  // The last list was asked for at 6 s; the timeout and a delay follow.
  EXPECT_THAT(StartsOf(kListed), ElementsAre(0, 12));
}

TEST_F(EngineWatchListTest, WhereNothingIsListedNobodyWaitsInARepository) {
  options_.concurrency = 3;
  store_.lists.error = absl::UnimplementedError("unknown service");
  std::vector<std::string> images;
  for (int i = 0; i < 6; ++i) {
    images.push_back(absl::StrCat("quay.io/a:", i));
    runtime_.Script(images.back(), {Takes(10)});
  }

  Fetch(images);

  EXPECT_EQ(Elapsed(), absl::Seconds(20));
}

}  // namespace
}  // namespace prepull
