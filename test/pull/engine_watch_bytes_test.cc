// The bytes that a run counts where it sees the downloads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/engine_watch_fixture.h"

namespace prepull {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr char kFirst[] = "quay.io/a:1";
constexpr char kSecondImage[] = "quay.io/b:1";

class EngineWatchBytesTest : public EngineWatchTest {
 protected:
  // The run as it is so long after its start.
  const prepull::Run& RunAt(double seconds) {
    auto seen = std::make_shared<prepull::Run>();
    At(seconds, [this, seen] { *seen = run_; });
    seen_.push_back(seen);
    return *seen;
  }

  const Layer layer_ = {"sha256:aa", 10 * kMiB};
  const Layer other_layer_ = {"sha256:bb", 20 * kMiB};

 private:
  std::vector<std::shared_ptr<prepull::Run>> seen_;
};

TEST_F(EngineWatchBytesTest, TheBytesOfAnImageAndOfTheRunRise) {
  runtime_.Script(kFirst, {Takes(12)});
  ManifestAt(0.2, kFirst, {layer_});
  DownloadAt(0.5, layer_, kMiB);
  const prepull::Run& early = RunAt(3.7);
  const prepull::Run& late = RunAt(7.7);

  Fetch({kFirst});

  EXPECT_EQ(early.images()[0].bytes_done, 2 * kMiB + kConfigBytes);
  EXPECT_THAT(early.images()[0].bytes_total,
              Optional(10 * kMiB + kConfigBytes));
  EXPECT_EQ(early.bytes().done, 2 * kMiB + kConfigBytes);
  EXPECT_THAT(early.bytes().total, Optional(10 * kMiB + kConfigBytes));
  EXPECT_EQ(late.bytes().done, 6 * kMiB + kConfigBytes);
  EXPECT_EQ(run_.bytes().done, 10 * kMiB + kConfigBytes);
  EXPECT_EQ(image(0).bytes_done, 10 * kMiB + kConfigBytes);
}

TEST_F(EngineWatchBytesTest, ASharedLayerCountsOnceForTheRunAndForEachImage) {
  runtime_.Script(kFirst, {Takes(22)});
  runtime_.Script(kSecondImage, {Takes(23)});
  ManifestAt(0.2, kFirst, {layer_});
  ManifestAt(0.2, kSecondImage, {layer_, other_layer_});
  DownloadAt(0.5, layer_, kMiB);
  DownloadAt(0.5, other_layer_, kMiB);
  const prepull::Run& seen = RunAt(5.7);

  Fetch({kFirst, kSecondImage});

  EXPECT_EQ(seen.images()[0].bytes_done, 4 * kMiB + kConfigBytes);
  EXPECT_EQ(seen.images()[1].bytes_done, 8 * kMiB + kConfigBytes);
  EXPECT_EQ(seen.bytes().done, 8 * kMiB + 2 * kConfigBytes);
  EXPECT_EQ(image(0).bytes_total, 10 * kMiB + kConfigBytes);
  EXPECT_EQ(image(1).bytes_total, 30 * kMiB + kConfigBytes);
  EXPECT_THAT(run_.bytes().total, Optional(30 * kMiB + 2 * kConfigBytes));
  EXPECT_EQ(run_.bytes().done, 30 * kMiB + 2 * kConfigBytes);
}

TEST_F(EngineWatchBytesTest, TheTotalIsUnknownUntilEachManifestIsKnown) {
  runtime_.Store("quay.io/there:1");
  runtime_.Script(kFirst, {Takes(12)});
  runtime_.Script(kSecondImage, {Takes(22)});
  ManifestAt(0.2, kFirst, {layer_});
  ManifestAt(5.2, kSecondImage, {other_layer_});
  const prepull::Run& before = RunAt(5.1);
  const prepull::Run& after = RunAt(7);

  Fetch({"quay.io/there:1", kFirst, "not an image", kSecondImage});

  EXPECT_THAT(before.images()[1].bytes_total, Optional(testing::_));
  EXPECT_THAT(before.images()[3].bytes_total, Eq(std::nullopt));
  EXPECT_THAT(before.bytes().total, Eq(std::nullopt));
  EXPECT_THAT(after.bytes().total, Optional(30 * kMiB + 2 * kConfigBytes));
  EXPECT_EQ(run_.bytes().done, run_.bytes().total);
}

TEST_F(EngineWatchBytesTest, AnImagePulledTooFastToBeSeenIsKnownByItsConfig) {
  runtime_.Script(kFirst, {Takes(0.1)});
  ManifestAt(0.05, kFirst, {layer_});

  Fetch({kFirst});

  EXPECT_EQ(image(0).bytes_done, 10 * kMiB + kConfigBytes);
  EXPECT_THAT(image(0).bytes_total, Optional(10 * kMiB + kConfigBytes));
  EXPECT_EQ(run_.bytes().done, 10 * kMiB + kConfigBytes);
  EXPECT_THAT(run_.bytes().total, Optional(10 * kMiB + kConfigBytes));
  EXPECT_EQ(Elapsed(), absl::Seconds(0.1));
}

// The search that is under way began before the config was there.
TEST_F(EngineWatchBytesTest, ASearchThatBeganBeforeTheEndIsMadeAnew) {
  store_.searches.latency = absl::Seconds(0.5);
  runtime_.Script(kFirst, {Takes(0.5)});
  ManifestAt(0.8, kFirst, {layer_});

  Fetch({kFirst});

  EXPECT_THAT(image(0).bytes_total, Optional(10 * kMiB + kConfigBytes));
}

TEST_F(EngineWatchBytesTest, AnImageWhoseBytesStayUnknownHoldsTheRunUpALittle) {
  store_.searches.hangs = true;
  runtime_.Script(kFirst, {Takes(5)});

  Fetch({kFirst});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(witness_.ends, testing::ElementsAre("Pulled quay.io/a:1"));
  EXPECT_EQ(Elapsed(), absl::Seconds(7));
  EXPECT_THAT(run_.bytes().total, Eq(std::nullopt));
}

TEST_F(EngineWatchBytesTest, ARuntimeThatNamesNoDigestIsCountedByWhatWasSeen) {
  runtime_.Name(kFirst, "quay.io/a:1");
  runtime_.Script(kFirst, {Takes(5)});
  runtime_.Name(kSecondImage, "quay.io/b:1");
  ManifestAt(0.2, kFirst, {layer_});

  Fetch({kFirst, kSecondImage});

  EXPECT_THAT(image(0).bytes_total, Optional(10 * kMiB + kConfigBytes));
  EXPECT_EQ(image(0).bytes_done, 10 * kMiB + kConfigBytes);
  EXPECT_THAT(image(1).bytes_total, Eq(std::nullopt));
  EXPECT_THAT(run_.bytes().total, Eq(std::nullopt));
  EXPECT_EQ(Elapsed(), absl::Seconds(5));
}

TEST_F(EngineWatchBytesTest, AnImageThatFailedEarlyDoesNotHideTheTotal) {
  runtime_.Script(kFirst, {Takes(5)});
  runtime_.Script(kSecondImage, {Fails(Missing(), 1)});
  ManifestAt(0.2, kFirst, {layer_});

  Fetch({kFirst, kSecondImage});

  EXPECT_THAT(run_.bytes().total, Optional(10 * kMiB + kConfigBytes));
}

TEST_F(EngineWatchBytesTest, AnImageThatFailedLastDoesNotHideTheTotal) {
  runtime_.Script(kFirst, {Takes(2)});
  runtime_.Script(kSecondImage, {Fails(Missing(), 5)});
  ManifestAt(0.2, kFirst, {layer_});

  Fetch({kFirst, kSecondImage});

  EXPECT_THAT(run_.bytes().total, Optional(10 * kMiB + kConfigBytes));
  EXPECT_EQ(run_.bytes().done, 10 * kMiB + kConfigBytes);
}

TEST_F(EngineWatchBytesTest, ALayerThatIsThereCountsFromTheStart) {
  store_.Finish(layer_.digest, layer_.size_bytes);
  store_.Open(other_layer_.digest, 5 * kMiB);
  runtime_.Script(kFirst, {Takes(20)});
  ManifestAt(0.2, kFirst, {layer_, other_layer_});
  const prepull::Run& seen = RunAt(1.5);

  Fetch({kFirst});

  EXPECT_EQ(seen.bytes().done, 15 * kMiB + kConfigBytes);
}

TEST_F(EngineWatchBytesTest, WhatIsLostIsNotCounted) {
  runtime_.Script(kFirst, {Takes(20)});
  ManifestAt(0.2, kFirst, {layer_});
  DownloadAt(0.5, layer_, kMiB, 4 * kMiB);
  At(6.5, [this] { store_.Abandon(layer_.digest); });
  const prepull::Run& before = RunAt(6.4);
  const prepull::Run& after = RunAt(8.5);

  Fetch({kFirst});

  EXPECT_EQ(before.bytes().done, 4 * kMiB + kConfigBytes);
  EXPECT_EQ(after.bytes().done, kConfigBytes);
}

// An index names the manifests of its platforms.
TEST_F(EngineWatchBytesTest, ADigestOfAnIndexIsKnownByTheManifestFetched) {
  const std::string index = "sha256:" + std::string(64, '1');
  const std::string image_name = "quay.io/a@" + index;
  runtime_.Script(image_name, {Takes(12)});
  At(0.1, [=, this] {
    store_.AddBlob(image_name, index, /*config=*/"",
                   {"sha256:other", FakeContentStore::ManifestOf(image_name)});
  });
  ManifestAt(0.1, "quay.io/a:foreign", {other_layer_});
  ManifestAt(0.2, image_name, {layer_});
  const prepull::Run& seen = RunAt(1.5);

  Fetch({image_name});

  EXPECT_THAT(seen.images()[0].bytes_total, Optional(10 * kMiB + kConfigBytes));
}

}  // namespace
}  // namespace prepull
