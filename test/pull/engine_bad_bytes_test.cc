// How the engine gets rid of what was downloaded wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/engine_watch_fixture.h"

namespace prepull {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const char kBadImage[] = "quay.io/a:1";
const char kBadRef[] = "layer-sha256:11";

absl::Status WrongDigest() {
  return absl::FailedPreconditionError(
      "failed to pull and unpack image \"quay.io/a:1\": failed commit on ref "
      "\"layer-sha256:11\": unexpected commit digest sha256:22, expected "
      "sha256:11: failed precondition");
}

absl::Status ShortAnswer() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to read "
      "expected number of bytes: unexpected EOF");
}

class EngineBadBytesTest : public EngineWatchTest {
 protected:
  const Layer layer_ = {"sha256:11", 4 * kMiB};
};

TEST_F(EngineBadBytesTest, DropsThemBeforeTheNextAttempt) {
  runtime_.Script(kBadImage, {Fails(WrongDigest(), 1), Takes(1)});
  At(0.5, [this] { store_.Open(layer_.digest, layer_.size_bytes); });
  store_.drops.latency = absl::Seconds(3);

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(store_.dropped, ElementsAre(kBadRef));
  ASSERT_THAT(StartsOf(kBadImage), SizeIs(2));
  EXPECT_GE(StartsOf(kBadImage)[1], 1 + 3 + 1);
}

TEST_F(EngineBadBytesTest, DropsThePageThatCameForALayer) {
  runtime_.Script(kBadImage, {Fails(ShortAnswer(), 1), Takes(1)});
  ManifestAt(0.1, kBadImage, {layer_});
  At(0.5, [this] {
    store_.Open(layer_.digest, 47);
    store_.Open("sha256:of-another-image", 47);
  });

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(store_.dropped, ElementsAre(kBadRef));
}

// More than 1 MiB may be a good part: the next attempt goes on with it.
TEST_F(EngineBadBytesTest, KeepsALongShortAnswerForTheNextAttempt) {
  runtime_.Script(kBadImage, {Fails(ShortAnswer(), 1), Takes(1)});
  ManifestAt(0.1, kBadImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 2 * kMiB); });

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(store_.dropped, IsEmpty());
}

TEST_F(EngineBadBytesTest, DropsALongShortAnswerIfTheRunEndsBefore) {
  runtime_.Script(kBadImage, {Fails(ShortAnswer(), 1), Hangs()});
  ManifestAt(0.1, kBadImage, {layer_, {"sha256:22", 4 * kMiB}});
  // What an earlier run left was not written by this one.
  store_.Open("sha256:22", 3 * kMiB);
  At(0.5, [this] { store_.Open(layer_.digest, 2 * kMiB); });
  StopAfter(absl::Seconds(4));

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_THAT(store_.dropped, ElementsAre(kBadRef));
  EXPECT_THAT(store_.leases, SizeIs(1));
}

// An attempt may fail before anybody has looked for its manifest.
TEST_F(EngineBadBytesTest, LooksForTheManifestOfAnAttemptThatFailedAtOnce) {
  overall_timeout_ = absl::Seconds(3);
  runtime_.Script(kBadImage, {Fails(ShortAnswer(), 0.1), Hangs()});
  ManifestAt(0.05, kBadImage, {layer_});
  At(0.05, [this] {
    store_.Open(layer_.digest, 2 * kMiB);
    store_.Open("sha256:of-another-image", 2 * kMiB);
  });

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_THAT(store_.dropped, ElementsAre(kBadRef));
}

TEST_F(EngineBadBytesTest, ThatCannotBeDroppedAtTheEndGoWithTheLease) {
  runtime_.Script(kBadImage, {Fails(ShortAnswer(), 1), Hangs()});
  ManifestAt(0.1, kBadImage, {layer_});
  At(0.5, [this] { store_.Open(layer_.digest, 2 * kMiB); });
  store_.drops.hangs = true;
  StopAfter(absl::Seconds(4));

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_LE(Elapsed(), absl::Seconds(6));
  EXPECT_THAT(store_.leases, IsEmpty());
}

TEST_F(EngineBadBytesTest, AreNoGainOfTheAttempt) {
  options_.retry.max_attempts = 2;
  runtime_.Script(kBadImage, {Fails(WrongDigest(), 2)});
  ManifestAt(0.1, kBadImage, {layer_});
  DownloadAt(0.2, layer_, kMiB, 3 * kMiB);

  Fetch({kBadImage});

  EXPECT_EQ(image(0).attempts, 2);
}

TEST_F(EngineBadBytesTest, OfAnImageThatIsGivenUpAreDroppedAsWell) {
  runtime_.Script(kBadImage, {Fails(WrongDigest(), 1)});

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_THAT(store_.dropped, SizeIs(image(0).attempts));
  EXPECT_THAT(store_.dropped, Each(kBadRef));
}

TEST_F(EngineBadBytesTest, ThatAnotherClientWritesAreLeftAlone) {
  runtime_.Script(kBadImage, {Fails(WrongDigest(), 1), Takes(1)});
  store_.held.insert(kBadRef);

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(store_.dropped, IsEmpty());
}

TEST_F(EngineBadBytesTest, AStopGivesAMomentToDropThem) {
  runtime_.Script(kBadImage, {Fails(WrongDigest(), 1)});
  store_.drops.latency = absl::Milliseconds(600);
  StopAfter(absl::Seconds(1.2));

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_THAT(store_.dropped, ElementsAre(kBadRef));
  EXPECT_LE(Elapsed(), absl::Seconds(2.2));
}

TEST_F(EngineBadBytesTest, ThatCannotBeDroppedHoldUpNoStop) {
  runtime_.Script(kBadImage, {Fails(WrongDigest(), 1)});
  store_.drops.hangs = true;
  StopAfter(absl::Seconds(5));

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_LE(Elapsed(), absl::Seconds(6.5));
}

TEST_F(EngineBadBytesTest, WithoutALeaseAreTheRuntimesOwnAffair) {
  store_.error = absl::UnimplementedError("unknown service");
  runtime_.Script(kBadImage, {Fails(WrongDigest(), 1), Takes(1)});

  Fetch({kBadImage});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(store_.drops.asked, IsEmpty());
}

}  // namespace
}  // namespace prepull
