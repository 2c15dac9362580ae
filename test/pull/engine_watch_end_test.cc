// How a run ends, and what it survives, while the downloads are watched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "test/pull/engine_watch_fixture.h"

namespace prepull {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kEndOne[] = "quay.io/a:1";
constexpr char kEndTwo[] = "quay.io/b:1";
constexpr char kEndThree[] = "quay.io/c:1";

class EngineWatchEndTest : public EngineWatchTest {
 protected:
  // The manifest is known, nothing of the layer arrives.
  void KnowManifestOf(const std::string& image) {
    ManifestAt(0.2, image, {layer_});
  }

  const Layer layer_ = {"sha256:aa", 1000 * kMiB};
};

TEST_F(EngineWatchEndTest, AStopInTheMiddleOfSettlingEndsEachImageOnce) {
  KnowManifestOf(kEndOne);
  KnowManifestOf(kEndTwo);
  runtime_.Script(kEndOne, {Fails(Reset(), 5.5)});
  runtime_.Script(kEndTwo, {Hangs()});
  StopAfter(absl::Seconds(5.55));

  Fetch({kEndOne, kEndTwo, "quay.io/d:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(Elapsed(), absl::Seconds(5.55));
  EXPECT_THAT(witness_.ends,
              UnorderedElementsAre("Stopped quay.io/a:1", "Stopped quay.io/b:1",
                                   "Pulled quay.io/d:1"));
}

TEST_F(EngineWatchEndTest, AnAttemptThatTheEndOfTheRunCutsDoesNotCount) {
  options_.retry.max_attempts = 1;
  store_.Finish(FakeContentStore::ConfigOf(kEndOne), kConfigBytes);
  before_.given.started_at = clock_.WallNow() + absl::Milliseconds(1);
  KnowManifestOf(kEndOne);
  runtime_.Script(kEndOne, {Hangs()});
  StopAfter(absl::Seconds(5));

  Fetch({kEndOne});

  EXPECT_THAT(witness_.ends, ElementsAre("Stopped quay.io/a:1"));
}

TEST_F(EngineWatchEndTest, AnImageThatFailsForGoodInTheSameMomentHasFailed) {
  options_.retry.max_attempts = 1;
  store_.Finish(FakeContentStore::ConfigOf(kEndOne), kConfigBytes);
  before_.given.started_at = clock_.WallNow() + absl::Milliseconds(1);
  KnowManifestOf(kEndOne);
  runtime_.Script(kEndOne, {Fails(Reset(), 5.5)});
  StopAfter(absl::Seconds(5.55));

  Fetch({kEndOne});

  EXPECT_THAT(witness_.ends, ElementsAre("Failed quay.io/a:1"));
}

TEST_F(EngineWatchEndTest, TheDeadlineInTheMiddleOfSettlingEndsEachImageOnce) {
  overall_timeout_ = absl::Seconds(5.55);
  KnowManifestOf(kEndOne);
  KnowManifestOf(kEndTwo);
  runtime_.Script(kEndOne, {Fails(Reset(), 5.5)});
  runtime_.Script(kEndTwo, {Hangs()});

  Fetch({kEndOne, kEndTwo});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(Elapsed(), absl::Seconds(5.55));
  EXPECT_THAT(witness_.ends, UnorderedElementsAre("Stopped quay.io/a:1",
                                                  "Stopped quay.io/b:1"));
  EXPECT_EQ(image(0).reason, Reason::kRegistryUnavailable);
  EXPECT_EQ(image(1).reason, Reason::kTimeout);
}

TEST_F(EngineWatchEndTest, AStopWhileAnImageIsNamedLeavesItPulled) {
  store_.searches.latency = absl::Seconds(1);
  runtime_.Script(kEndOne, {Takes(5)});
  runtime_.Script(kEndTwo, {Hangs()});
  StopAfter(absl::Seconds(5.1));

  Fetch({kEndOne, kEndTwo});

  EXPECT_EQ(Elapsed(), absl::Seconds(5.1));
  EXPECT_THAT(witness_.ends, UnorderedElementsAre("Pulled quay.io/a:1",
                                                  "Stopped quay.io/b:1"));
}

TEST_F(EngineWatchEndTest, AStopWithSearchesAndListsUnderWayEndsAtOnce) {
  store_.lists.latency = absl::Seconds(9);
  store_.searches.latency = absl::Seconds(9);
  runtime_.Script(kEndOne, {Hangs()});
  runtime_.Script(kEndTwo, {Fails(Reset(), 4)});
  StopAfter(absl::Seconds(5));

  Fetch({kEndOne, kEndTwo});

  EXPECT_EQ(Elapsed(), absl::Seconds(5));
  EXPECT_THAT(witness_.ends, SizeIs(2));
  EXPECT_EQ(run_.counts().stopped, 2);
}

TEST_F(EngineWatchEndTest, AFullDiskLetsRunningPullsEnd) {
  options_.concurrency = 2;
  KnowManifestOf(kEndOne);
  KnowManifestOf(kEndTwo);
  DownloadAt(0.5, layer_, 10 * kMiB);
  runtime_.Script(kEndOne, {Fails(DiskFull(), 3.5)});
  runtime_.Script(kEndTwo, {Takes(20)});

  Fetch({kEndOne, kEndTwo, kEndThree});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNodeNotFit);
  EXPECT_EQ(Elapsed(), absl::Seconds(20));
  EXPECT_THAT(witness_.ends,
              ElementsAre("Failed quay.io/a:1", "Pulled quay.io/b:1",
                          "Stopped quay.io/c:1"));
  EXPECT_EQ(image(0).reason, Reason::kNoSpace);
  EXPECT_EQ(image(2).reason, Reason::kNoSpace);
}

TEST_F(EngineWatchEndTest, APullThatIsCutOnAFullDiskIsNotStartedAgain) {
  options_.concurrency = 2;
  KnowManifestOf(kEndOne);
  KnowManifestOf(kEndTwo);
  At(0.5, [this] { store_.Open(layer_.digest, 0); });
  runtime_.Script(kEndOne, {Fails(DiskFull(), 3.5)});
  runtime_.Script(kEndTwo, {Hangs()});

  Fetch({kEndOne, kEndTwo, kEndThree});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNodeNotFit);
  EXPECT_THAT(runtime_.CallsFor(kEndTwo), SizeIs(1));
  EXPECT_THAT(witness_.ends,
              UnorderedElementsAre("Failed quay.io/a:1", "Stopped quay.io/b:1",
                                   "Stopped quay.io/c:1"));
}

TEST_F(EngineWatchEndTest, ARestartOfTheRuntimeIsNoAttempt) {
  options_.retry.max_attempts = 1;
  KnowManifestOf(kEndOne);
  DownloadAt(0.5, layer_, 10 * kMiB);
  runtime_.Script(kEndOne, {Takes(20)});
  At(5.5, [this] {
    store_.lists.error = SocketGone();
    runtime_.GoAway();
  });
  At(15, [this] {
    store_.lists.error = absl::OkStatus();
    runtime_.ComeBack();
  });

  Fetch({kEndOne});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(StartsOf(kEndOne), ElementsAre(0, DoubleNear(15, 0.1)));
  // None while it was away, but for the attempt that ended then.
  EXPECT_LE(store_.lists.asked.size(), 5 + 3 + 21 + 3);
}

TEST_F(EngineWatchEndTest, ARuntimeThatStaysAwayEndsTheRun) {
  overall_timeout_ = absl::Seconds(30);
  KnowManifestOf(kEndOne);
  runtime_.Script(kEndOne, {Hangs()});
  At(5.5, [this] {
    store_.lists.error = SocketGone();
    runtime_.GoAway();
  });

  Fetch({kEndOne});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNoRuntime);
  EXPECT_THAT(witness_.ends, ElementsAre("Stopped quay.io/a:1"));
}

TEST_F(EngineWatchEndTest, ALeaseDeletedUnderTheRunIsMadeAnewAndNotCounted) {
  options_.retry.max_attempts = 1;
  runtime_.Script(kEndOne, {Fails(LeaseGone(), 3), Takes(1)});
  KnowManifestOf(kEndOne);

  Fetch({kEndOne});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(store_.created, SizeIs(2));
}

TEST_F(EngineWatchEndTest, AHundredImagesThatFailNowAndThenAllEndOnce) {
  options_.concurrency = 7;
  options_.registry_concurrency = 3;
  std::vector<std::string> images;
  for (int i = 0; i < 100; ++i) {
    const std::string image =
        absl::StrCat(i % 3 ? "quay.io" : "ghcr.io", "/a", i % 9, ":", i);
    images.push_back(image);
    runtime_.Script(image, {Fails(Reset(), 1 + 0.1 * i),
                            Fails(RateLimited(), 0.3), Takes(0.5 + 0.05 * i)});
    ManifestAt(1 + 2 * i, image, {{absl::StrCat("sha256:", i), kMiB}});
  }

  overall_timeout_ = absl::Hours(20);
  Fetch(images);

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(witness_.ends, SizeIs(100));
  EXPECT_LE(runtime_.most_at_once(), 6);
}

}  // namespace
}  // namespace prepull
