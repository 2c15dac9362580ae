// Runs on a runtime that shares no download between pulls, such as CRI-O.
#include <gmock/gmock.h>

#include "test/pull/engine_fixture.h"
#include "test/pull/engine_watch_fixture.h"
#include "test/support/fake_committed_layers.h"
#include "test/support/fake_manifest_reader.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

constexpr int64_t kGigabyte = 1'000'000'000;

class EngineLayerOrderTest : public EngineTest {
 protected:
  EngineLayerOrderTest() {
    options_.layer_order = true;
    manifests_ = &reader_;
  }

  void Needs(const std::string& image, const std::vector<std::string>& layers) {
    reader_.at_once[image] = ManifestOf(layers, kGigabyte);
  }

  FakeManifestReader reader_;
};

TEST_F(EngineLayerOrderTest, PullsImagesWithACommonLayerOneAfterAnother) {
  Needs("quay.io/a:1", {"base", "a"});
  Needs("quay.io/b:1", {"base", "b"});
  Needs("quay.io/c:1", {"c"});

  Fetch({"quay.io/a:1", "quay.io/b:1", "quay.io/c:1"});

  EXPECT_THAT(AttemptsAt("quay.io/a:1"), ElementsAre(absl::ZeroDuration()));
  EXPECT_THAT(AttemptsAt("quay.io/b:1"), ElementsAre(absl::Seconds(1)));
  EXPECT_THAT(AttemptsAt("quay.io/c:1"), ElementsAre(absl::ZeroDuration()));
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineLayerOrderTest, KnowsTheBytesOfTheRun) {
  Needs("quay.io/a:1", {"base", "a"});
  Needs("quay.io/b:1", {"base", "b"});
  runtime_.Script("quay.io/b:1", {{Missing()}});
  std::optional<int64_t> total_after_a;
  clock_.After(absl::Milliseconds(1500),
               [&] { total_after_a = run_.bytes().total; });

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(total_after_a, Optional(3 * kGigabyte));
  EXPECT_THAT(image(0).bytes_total, Optional(2 * kGigabyte));
  EXPECT_EQ(image(0).bytes_done, 2 * kGigabyte);
  EXPECT_EQ(run_.bytes().done, 2 * kGigabyte);
}

TEST_F(EngineLayerOrderTest, WaitsASecondForManifestsThatDoNotCome) {
  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(AttemptsAt("quay.io/a:1"), ElementsAre(absl::Seconds(1)));
  EXPECT_THAT(AttemptsAt("quay.io/b:1"), ElementsAre(absl::Seconds(2)));
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineLayerOrderTest, PullsTheOthersOnceTheFirstManifestHasCome) {
  Needs("quay.io/b:1", {"b"});
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(60)}});
  clock_.After(absl::Seconds(5),
               [this] { reader_.Answer("quay.io/a:1", ManifestOf({"a"})); });

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(AttemptsAt("quay.io/b:1"), ElementsAre(absl::Seconds(5)));
}

// A cut would cost all that was fetched: 30 s and 4 s for each MB.
TEST_F(EngineLayerOrderTest, GivesALargeImageTimeForItsBytes) {
  reader_.at_once["quay.io/a:1"] = ManifestOf({"a"}, 100'000'000);
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(429)}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineLayerOrderTest, CutsAPullThatTakesLongerThanItsBytesNeed) {
  reader_.at_once["quay.io/a:1"] = ManifestOf({"a"}, 10'000'000);
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(71)}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::ZeroDuration(), absl::Seconds(71)));
}

TEST_F(EngineLayerOrderTest, GivesAPullTimeWhoseSizeIsKnownLate) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(60)}});
  clock_.After(absl::Seconds(5), [this] {
    reader_.Answer("quay.io/a:1", ManifestOf({"a"}, 100'000'000));
  });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(EngineLayerOrderTest, ReadsManifestsOnlyAfterTheStartJitter) {
  options_.start_jitter = absl::Minutes(1);
  roll_dice_ = [] { return 0.5; };
  size_t read_before = 1;
  clock_.After(absl::Seconds(29),
               [&] { read_before = reader_.images().size(); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(read_before, 0u);
  EXPECT_THAT(AttemptsAt("quay.io/a:1"), ElementsAre(absl::Seconds(31)));
}

// A black hole's images take three slots at a time, and not the whole node.
TEST_F(EngineLayerOrderTest, PullsTheOthersBesideARegistryThatIsSilent) {
  std::vector<std::string> images;
  for (int i = 0; i < 5; ++i) {
    images.push_back(absl::StrCat("silent.example/", i, ":1"));
    reader_.at_once[images.back()] = absl::UnavailableError("no response");
    runtime_.Script(images.back(), {{.takes = absl::InfiniteDuration()}});
  }
  images.push_back("quay.io/good:1");
  Needs("quay.io/good:1", {"layer"});
  overall_timeout_ = absl::Minutes(2);

  Fetch(images);

  EXPECT_EQ(image(5).state, ImageState::kPulled);
}

TEST_F(EngineLayerOrderTest, EndsBeforeTheFirstByteIfTheListDoesNotFit) {
  Needs("quay.io/a:1", {"base", "a"});
  Needs("quay.io/b:1", {"base", "b"});
  free_bytes_ = 2 * kGigabyte;

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNodeNotFit);
  EXPECT_EQ(run_.reason(), Reason::kNoSpace);
  EXPECT_EQ(run_.message(), "the list needs about 3.0GB, 2.0GB are free");
  EXPECT_TRUE(runtime_.calls().empty());
  EXPECT_EQ(image(0).state, ImageState::kStopped);
}

TEST_F(EngineLayerOrderTest, TriesAListThatMayShareLayersWithTheNode) {
  Needs("quay.io/a:1", {"base", "a"});
  StoredImage old = {.id = "sha256:old", .size_bytes = kGigabyte};
  old.repo_tags = {"quay.io/a:0"};
  runtime_.Store(old);
  free_bytes_ = kGigabyte;

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineLayerOrderTest, EndsIfWhatTheNodeLacksDoesNotFit) {
  Needs("quay.io/a:1", {"base", "a", "b"});
  runtime_.Store({.id = "sha256:old",
                  .repo_tags = {"quay.io/a:0"},
                  .size_bytes = 3 * kGigabyte});
  free_bytes_ = kGigabyte;
  FakeCommittedLayers committed;
  committed.Set({.digests = {"base"}});
  committed_layers_ = &committed;

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNodeNotFit);
  EXPECT_EQ(run_.message(), "the list needs about 2.0GB, 1.0GB are free");
}

TEST_F(EngineLayerOrderTest, PullsWhatFitsBesideTheLayersOfTheNode) {
  Needs("quay.io/a:1", {"base", "a"});
  free_bytes_ = kGigabyte;
  FakeCommittedLayers committed;
  committed.Set({.digests = {"base"}});
  committed_layers_ = &committed;

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineLayerOrderTest, TriesAListThatTheNodeMayHaveUnderOtherDigests) {
  Needs("quay.io/a:1", {"base", "a"});
  runtime_.Store({.id = "sha256:old",
                  .repo_tags = {"quay.io/a:0"},
                  .size_bytes = kGigabyte});
  free_bytes_ = kGigabyte;
  FakeCommittedLayers committed;
  committed.Set({.digests = {}, .is_complete = false});
  committed_layers_ = &committed;

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineLayerOrderTest, PullsTheOthersWhileTheFirstStillRuns) {
  Needs("quay.io/a:1", {"base", "a"});
  Needs("quay.io/b:1", {"base", "b"});
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(20)}});
  FakeCommittedLayers committed;
  committed_layers_ = &committed;
  clock_.After(absl::Seconds(5), [&] { committed.Set({.digests = {"base"}}); });

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(AttemptsAt("quay.io/b:1"), ElementsAre(absl::Seconds(5)));
}

TEST_F(EngineWatchTest, GivesTheSlotOfAnImageThatOnlyUnpacksToTheNext) {
  options_.downloads = 1;
  const Layer layer = {"sha256:layer", 1000};
  ManifestAt(0.1, "quay.io/a:1", {layer});
  DownloadAt(0.2, layer, 1000);
  runtime_.Script("quay.io/a:1", {Takes(60)});

  Fetch({"quay.io/a:1", "quay.io/b:1", "quay.io/c:1"});

  EXPECT_LT(StartsOf("quay.io/b:1").front(), 5);
  EXPECT_GE(StartsOf("quay.io/c:1").front(),
            StartsOf("quay.io/b:1").front() + 1);
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

}  // namespace
}  // namespace prepull
