// How the engine tells the manifests of one repository apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "test/pull/engine_watch_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;

constexpr char kOne[] = "quay.io/a:1";
constexpr char kTwo[] = "quay.io/a:2";
constexpr char kThree[] = "quay.io/a:3";

class EngineWatchAloneTest : public EngineWatchTest {
 protected:
  const Layer layer_ = {"sha256:aa", 1000 * kMiB};
  const Layer other_layer_ = {"sha256:bb", 1000 * kMiB};
};

TEST_F(EngineWatchAloneTest, ATagWaitsUntilTheManifestOfTheOneBeforeIsKnown) {
  runtime_.Script(kOne, {Takes(60)});
  ManifestAt(3, kOne, {layer_});

  Fetch({kOne, kTwo, "quay.io/b:1"});

  EXPECT_THAT(StartsOf(kTwo), ElementsAre(3.25));
  EXPECT_THAT(StartsOf("quay.io/b:1"), ElementsAre(0));
}

TEST_F(EngineWatchAloneTest, ATagWaitsNoLongerThanThePullBefore) {
  runtime_.Script(kOne, {Fails(Missing(), 2)});

  Fetch({kOne, kTwo, kThree});

  EXPECT_THAT(StartsOf(kTwo), ElementsAre(2));
  EXPECT_THAT(StartsOf(kThree), ElementsAre(3));
}

TEST_F(EngineWatchAloneTest, DigestsOfARepositoryStartTogether) {
  const std::string first = "quay.io/a@sha256:" + std::string(64, '1');
  const std::string second = "quay.io/a@sha256:" + std::string(64, '2');

  Fetch({kOne, first, second});

  EXPECT_THAT(StartsOf(kOne), ElementsAre(0));
  EXPECT_THAT(StartsOf(first), ElementsAre(0));
  EXPECT_THAT(StartsOf(second), ElementsAre(0));
}

// The manifest of the first attempt is read after its end, when the second
// one is queued.
TEST_F(EngineWatchAloneTest, AKnownPullKeepsNobodyOut) {
  store_.reads.latency = absl::Seconds(0.5);
  runtime_.Script(kOne, {Fails(Reset(), 0.5), Takes(60)});
  runtime_.Script(kTwo, {Fails(Refused(), 1), Takes(1)});
  ManifestAt(0.2, kOne, {layer_});

  Fetch({kOne, kTwo});

  EXPECT_THAT(StartsOf(kOne), ElementsAre(0, 1.5));
  EXPECT_THAT(StartsOf(kTwo), ElementsAre(0.5, 2.5));
}

// The search of the first one's attempt ends when the second one has its
// manifest.
TEST_F(EngineWatchAloneTest, APullThatEndedTakesNoManifestOfTheNext) {
  options_.retry.first_timeout = absl::Seconds(5);
  options_.retry.first_delay = absl::Seconds(60);
  store_.searches.latency = absl::Seconds(0.5);
  runtime_.Script(kOne, {Fails(Refused(), 0.4), Takes(1)});
  runtime_.Script(kTwo, {Takes(30)});
  ManifestAt(0.6, kTwo, {layer_});
  DownloadAt(0.7, layer_, 10 * kMiB);

  Fetch({kOne, kTwo});

  EXPECT_EQ(image(1).attempts, 1);
}

TEST_F(EngineWatchAloneTest, WhatAnEarlierRunLeftIsToldByTheDownloadsThatMove) {
  store_.AddManifest(kOne, {layer_});
  store_.AddManifest(kTwo, {other_layer_});
  clock_.Advance(absl::Seconds(1));
  runtime_.Script(kOne, {Takes(30)});
  runtime_.Script(kTwo, {Takes(30)});
  DownloadAt(0.5, layer_, kMiB);
  DownloadAt(9.5, other_layer_, kMiB);
  std::vector<bool> known;
  for (const double seconds : {1.9, 2.9, 9.9, 12.9}) {
    At(seconds, [&] {
      known.push_back(image(0).bytes_total.has_value());
      known.push_back(image(1).bytes_total.has_value());
    });
  }

  Fetch({kOne, kTwo});

  EXPECT_THAT(known,
              ElementsAre(false, false, true, false, true, false, true, true));
}

TEST_F(EngineWatchAloneTest, AManifestThatCannotBeReadHarmsNothing) {
  runtime_.Script(kOne, {Hangs(), Takes(1)});
  ManifestAt(0.2, kOne, {layer_});
  At(0.21, [this] { store_.RemoveText(FakeContentStore::ManifestOf(kOne)); });

  Fetch({kOne, kTwo});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(StartsOf(kOne), ElementsAre(0, 31));
  EXPECT_THAT(StartsOf(kTwo), ElementsAre(0.25));
}

TEST_F(EngineWatchAloneTest, AManifestThatCannotBeParsedHarmsNothing) {
  runtime_.Script(kOne, {Hangs(), Takes(1)});
  ManifestAt(0.2, kOne, {layer_});
  At(0.21,
     [this] { store_.SetText(FakeContentStore::ManifestOf(kOne), "<html>"); });

  Fetch({kOne, kTwo});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(StartsOf(kOne), ElementsAre(0, 31));
  EXPECT_THAT(StartsOf(kTwo), ElementsAre(0.25));
}

// Nothing tells that two tags mean one manifest until the second is pulled.
TEST_F(EngineWatchAloneTest, TwoTagsOfOneManifestAreBothPulledAndCounted) {
  const Layer layer = {"sha256:aa", 20 * kMiB};
  runtime_.Name(kTwo, FakeContentStore::ConfigOf(kOne));
  runtime_.Script(kOne, {Takes(21)});
  runtime_.Script(kTwo, {Takes(21.5)});
  ManifestAt(0.2, kOne, {layer});
  DownloadAt(0.5, layer, kMiB);

  Fetch({kOne, kTwo});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).bytes_total, 20 * kMiB + kConfigBytes);
  EXPECT_EQ(image(1).bytes_total, 20 * kMiB + kConfigBytes);
  EXPECT_EQ(run_.bytes().total, 20 * kMiB + kConfigBytes);
  EXPECT_EQ(run_.bytes().done, 20 * kMiB + kConfigBytes);
}

TEST_F(EngineWatchAloneTest, AWrongGuessIsMendedWhenThePullIsNamed) {
  // Another client's pull from the repository, and ours has its manifest late.
  const std::string foreign = "quay.io/a:foreign";
  runtime_.Script(kOne, {Takes(4)});
  ManifestAt(0.2, foreign, {other_layer_});
  ManifestAt(2, kOne, {{"sha256:aa", 5 * kMiB}});

  Fetch({kOne});

  EXPECT_EQ(image(0).bytes_total, 5 * kMiB + kConfigBytes);
  EXPECT_EQ(image(0).bytes_done, 5 * kMiB + kConfigBytes);
}

}  // namespace
}  // namespace prepull
