// Which attempts the engine ends where it sees the downloads, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/engine_watch_fixture.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::SizeIs;

constexpr char kImage[] = "quay.io/a:1";

class EngineWatchCutTest : public EngineWatchTest {
 protected:
  // Somebody else's download keeps the node busy, so that a fair share of it
  // is short.
  void KeepNodeBusy() {
    DownloadAt(0, {"sha256:foreign", 1'000'000 * kMiB}, 100 * kMiB);
  }

  // The config of kImage is there from an earlier run, so that it is no gain.
  void LeaveConfigBehind() {
    store_.Finish(FakeContentStore::ConfigOf(kImage), kConfigBytes);
    before_.given.started_at = clock_.WallNow() + absl::Milliseconds(1);
  }

  // How long the attempts at kImage lasted that have ended.
  std::vector<double> Lengths() {
    std::vector<double> lengths;
    for (const FakeRuntime::Call& call : runtime_.CallsFor(kImage)) {
      lengths.push_back(absl::ToDoubleSeconds(call.ended - call.started));
    }
    return lengths;
  }

  const Layer layer_ = {"sha256:aa", 1000 * kMiB};
};

TEST_F(EngineWatchCutTest, APullThatRestsIsCutAndGoesStraightBack) {
  options_.retry.first_delay = absl::Minutes(1);
  runtime_.Script(kImage, {Hangs(), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  DownloadAt(0.9, layer_, kMiB, 3 * kMiB);
  KeepNodeBusy();
  ImageOutcome cut;
  At(9.5, [&] { cut = image(0); });

  Fetch({kImage});

  // It was seen to move last in the list at 4 s.
  EXPECT_THAT(StartsOf(kImage), ElementsAre(0, DoubleNear(9.075, 0.001)));
  EXPECT_EQ(cut.reason, Reason::kStalled);
  EXPECT_EQ(cut.message, "nothing arrived for 5.0s");
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineWatchCutTest, ACutImageWaitsForThoseNeverTried) {
  options_.concurrency = 1;
  runtime_.Script(kImage, {Hangs(), Takes(1)});
  runtime_.Script("quay.io/b:1", {Takes(4)});
  ManifestAt(0.2, kImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 0); });

  Fetch({kImage, "quay.io/b:1", "quay.io/c:1"});

  EXPECT_THAT(StartsOf("quay.io/b:1"), ElementsAre(6));
  EXPECT_THAT(StartsOf("quay.io/c:1"), ElementsAre(10));
  EXPECT_THAT(StartsOf(kImage), ElementsAre(0, 11));
}

TEST_F(EngineWatchCutTest, APullThatMovesOutlivesItsAttemptTimeout) {
  options_.retry.first_timeout = absl::Seconds(1);
  const Layer layer = {"sha256:aa", 600 * kMiB};
  runtime_.Script(kImage, {Takes(601)});
  ManifestAt(0.2, kImage, {layer});
  DownloadAt(0.5, layer, kMiB);

  Fetch({kImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(EngineWatchCutTest,
       WithoutAManifestThePlainTimeoutAppliesWhateverMoves) {
  runtime_.Script(kImage, {Hangs(), Takes(1)});
  KeepNodeBusy();

  Fetch({kImage});

  EXPECT_THAT(StartsOf(kImage), ElementsAre(0, 31));
}

// There is more to be had from another attempt than from a long one.
TEST_F(EngineWatchCutTest, NoAttemptGetsTheRestOfTheTimeWhereProgressIsSeen) {
  overall_timeout_ = absl::Seconds(100);
  runtime_.Script(kImage, {Hangs()});

  Fetch({kImage});

  EXPECT_THAT(StartsOf(kImage), ElementsAre(0, 31, 93));
}

TEST_F(EngineWatchCutTest, ACutThatTakesLongToEndIsWaitedForInPeace) {
  runtime_.EndCancelledAfter(absl::Seconds(3));
  runtime_.Script(kImage, {Hangs(), Takes(1)});

  Fetch({kImage});

  EXPECT_THAT(StartsOf(kImage), ElementsAre(0, 34));
  EXPECT_LE(witness_.turns, 5 * 35);
}

TEST_F(EngineWatchCutTest, UnpackingEndsByTheOverallDeadlineOnly) {
  const Layer layer = {"sha256:aa", 3 * kMiB};
  runtime_.Script(kImage, {Hangs()});
  ManifestAt(0.2, kImage, {layer});
  DownloadAt(0.5, layer, kMiB);

  Fetch({kImage});

  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kTimeout);
  EXPECT_EQ(Elapsed(), overall_timeout_);
}

TEST_F(EngineWatchCutTest, APullThatIsQueuedWaitsWhileTheNodeMoves) {
  options_.retry.first_timeout = absl::Seconds(5);
  const Layer foreign = {"sha256:foreign", 300 * kMiB};
  const Layer layer = {"sha256:aa", 3 * kMiB};
  runtime_.Script(kImage, {Takes(304)});
  ManifestAt(0.2, kImage, {layer});
  DownloadAt(0, foreign, kMiB);
  DownloadAt(300, layer, kMiB);

  Fetch({kImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(EngineWatchCutTest, APullThatIsQueuedOnAStillNodeIsCutByItsTimeout) {
  options_.retry.first_timeout = absl::Seconds(40);
  runtime_.Script(kImage, {Hangs(), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  ImageOutcome cut;
  At(41.5, [&] { cut = image(0); });

  Fetch({kImage});

  // 40 s from when its downloads could first be looked for, and a delay.
  EXPECT_THAT(StartsOf(kImage), ElementsAre(0, AllOf(Ge(41.2), Le(42.2))));
  EXPECT_EQ(cut.reason, Reason::kTimeout);
}

TEST_F(EngineWatchCutTest, WithoutAnyGainTheWindowDoubles) {
  runtime_.Script(kImage, {Hangs(), Hangs(), Hangs(), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 0); });

  Fetch({kImage});

  EXPECT_THAT(Lengths(), ElementsAre(6, 10, 20, 1));
}

TEST_F(EngineWatchCutTest, AnAttemptThatFailedByItselfLeavesTheWindowAsItIs) {
  runtime_.Script(kImage, {Fails(Reset(), 5), Hangs(), Takes(1)});
  LeaveConfigBehind();
  ManifestAt(0.2, kImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 0); });

  Fetch({kImage});

  EXPECT_THAT(Lengths(), ElementsAre(5, 5, 1));
}

TEST_F(EngineWatchCutTest, AfterAGoodGainTheWindowIsAsShortAsTheFirst) {
  runtime_.Script(kImage, {Hangs(), Hangs(), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  DownloadAt(0.5, layer_, 10 * kMiB, 40 * kMiB);
  KeepNodeBusy();

  Fetch({kImage});

  // 40 MiB in 10 s make a window of one second, were there no least one. The
  // runtime reads what is there first, so that the next rest begins later.
  EXPECT_THAT(Lengths(), ElementsAre(10, AllOf(Ge(5), Le(6.5)), 1));
}

TEST_F(EngineWatchCutTest, AfterALittleGainTheWindowIsTheTimeOfFourSteps) {
  runtime_.Script(kImage, {Hangs(), Hangs(), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  DownloadAt(0.5, layer_, 2 * kMiB, 4 * kMiB);
  KeepNodeBusy();

  Fetch({kImage});

  // 4 MiB in 8 s.
  EXPECT_THAT(Lengths(), ElementsAre(8, AllOf(Ge(8), Le(9)), 1));
}

TEST_F(EngineWatchCutTest, WhatACutWritesDownCountsAsItsGain) {
  options_.retry.max_attempts = 1;
  runtime_.Script(kImage, {Hangs(), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 0); });
  At(6.05, [this] { store_.Move(layer_.digest, kMiB / 2); });

  Fetch({kImage});

  EXPECT_THAT(StartsOf(kImage), ElementsAre(0, DoubleNear(6.075, 0.001)));
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

// Two lists come too early for what is written down at 4.99 s.
TEST_F(EngineWatchCutTest, AListAskedForTooSoonAfterTheEndDoesNotCount) {
  options_.retry.max_attempts = 1;
  runtime_.Script(kImage, {Fails(Reset(), 4.95), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 0); });
  At(4.9, [this] { store_.lists.latency = absl::Milliseconds(80); });
  At(5.01, [this] { store_.Move(layer_.digest, kMiB / 2); });

  Fetch({kImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineWatchCutTest, AnAttemptThatGainedBytesDoesNotCount) {
  options_.retry.max_attempts = 1;
  runtime_.Script(kImage, {Fails(Reset(), 5), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  DownloadAt(0.5, layer_, kMiB, 4 * kMiB);

  Fetch({kImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 2);
}

TEST_F(EngineWatchCutTest, AnAttemptWithoutAGainCounts) {
  options_.retry.max_attempts = 1;
  LeaveConfigBehind();
  runtime_.Script(kImage, {Fails(Reset(), 5), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 0); });

  Fetch({kImage});

  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(EngineWatchCutTest, WhatEarlierRunsLeftIsNoGain) {
  options_.retry.max_attempts = 1;
  const Layer old_layer = {"sha256:01", 50 * kMiB};
  store_.Finish(old_layer.digest, old_layer.size_bytes);
  store_.Open(layer_.digest, 7 * kMiB);
  LeaveConfigBehind();
  runtime_.Script(kImage, {Fails(Reset(), 5), Takes(1)});
  ManifestAt(0.2, kImage, {old_layer, layer_});

  Fetch({kImage});

  EXPECT_EQ(image(0).state, ImageState::kFailed);
}

// As from a registry that does not serve ranges.
TEST_F(EngineWatchCutTest, WhatWasLostAndFetchedAgainIsNoGain) {
  options_.retry.max_attempts = 1;
  runtime_.Script(kImage, {Fails(Reset(), 5.5)});
  ManifestAt(0.2, kImage, {layer_});
  DownloadAt(0.9, layer_, kMiB, 4 * kMiB);
  At(6, [this] { store_.Abandon(layer_.digest); });
  DownloadAt(7, layer_, kMiB, 4 * kMiB);

  Fetch({kImage});

  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).attempts, 2);
}

TEST_F(EngineWatchCutTest, AGainSetsTheDelayAndTheTimeoutBack) {
  runtime_.Script(kImage, {Fails(Reset(), 1), Fails(Reset(), 1),
                           Fails(Reset(), 10), Hangs(), Takes(1)});
  LeaveConfigBehind();
  ManifestAt(0.2, kImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 0); });
  DownloadAt(6, layer_, 10 * kMiB, 40 * kMiB);
  At(15.5, [this] { store_.Abandon(layer_.digest); });

  Fetch({kImage});

  // Delays of 1 and 2 s, and of 1 s again; each end settles for 75 ms. The
  // fourth attempt has no downloads: its timeout is 30 s as the first one's,
  // from when the node has stopped to move.
  const std::vector<double> starts = StartsOf(kImage);
  ASSERT_THAT(starts, SizeIs(5));
  EXPECT_NEAR(starts[1], 2.075, 0.001);
  EXPECT_NEAR(starts[2], 5.15, 0.001);
  EXPECT_NEAR(starts[3], 16.225, 0.001);
  EXPECT_NEAR(Lengths()[3], 54, 1.5);
}

TEST_F(EngineWatchCutTest, ADigestMismatchIsTriedForAMinuteEvenIfEachGained) {
  const absl::Status mismatch = absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": failed commit on ref "
      "\"layer-sha256:aa\": unexpected commit digest sha256:bb, expected "
      "sha256:aa: failed precondition");
  runtime_.Script(kImage, {Fails(mismatch, 10)});
  ManifestAt(0.2, kImage, {layer_});
  DownloadAt(0.5, layer_, kMiB);

  Fetch({kImage});

  EXPECT_EQ(image(0).state, ImageState::kFailed);
  // Of 10 s each, with growing pauses: the last begins when the minute after
  // the first failure is over.
  EXPECT_EQ(image(0).attempts, 6);
  EXPECT_THAT(image(0).message, HasSubstr("unexpected commit digest"));
}

TEST_F(EngineWatchCutTest, AnAttemptThatTheRuntimeGaveUpIsStalled) {
  runtime_.Script(kImage, {Fails(absl::AbortedError("gave up"), 3), Takes(1)});
  ManifestAt(0.2, kImage, {layer_});
  Reason reason = Reason::kNone;
  At(3.5, [&] { reason = image(0).reason; });

  Fetch({kImage});

  EXPECT_EQ(reason, Reason::kStalled);
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

}  // namespace
}  // namespace prepull
