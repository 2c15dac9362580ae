#include "prepull/progress/manifest_choice.h"

#include <gtest/gtest.h>

#include <set>

namespace prepull {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1767322800);

StoredBlob Manifest(const std::string& digest, absl::Duration age,
                    const std::string& layer) {
  return {.digest = digest,
          .created_at = kStart - age,
          .config = "cfg-" + digest,
          .refers_to = {"cfg-" + digest, layer}};
}

const StoredBlob kNew = Manifest("new", -absl::Seconds(1), "layer-new");
const StoredBlob kNewer = Manifest("newer", -absl::Seconds(2), "layer-newer");
const StoredBlob kOld = Manifest("old", absl::Hours(1), "layer-old");
const StoredBlob kOlder = Manifest("older", absl::Hours(2), "layer-older");
const StoredBlob kLayer = {.digest = "layer-new",
                           .created_at = kStart + absl::Seconds(3)};
const StoredBlob kIndex = {.digest = "index",
                           .created_at = kStart + absl::Seconds(1),
                           .refers_to = {"new", "old", "not fetched"}};

class ChooseManifestTest : public testing::Test {
 protected:
  // The digest of the manifest that is chosen; "none".
  std::string Choose(const std::vector<StoredBlob>& blobs) {
    const StoredBlob* chosen = ChooseManifest(
        blobs, pull_,
        [this](const std::string& digest) { return taken_.contains(digest); },
        [this](const std::string& digest) { return moving_.contains(digest); });
    return chosen == nullptr ? "none" : chosen->digest;
  }

  PullTraces pull_ = {.started_at = kStart};
  std::set<std::string> taken_;
  std::set<std::string> moving_;
};

TEST_F(ChooseManifestTest, ATagIsTheManifestThatCameSinceThePullBegan) {
  EXPECT_EQ(Choose({kOld, kNew, kLayer, kIndex}), "new");
}

TEST_F(ChooseManifestTest, AManifestOfTheVeryMomentIsNew) {
  EXPECT_EQ(Choose({Manifest("now", absl::ZeroDuration(), "layer")}), "now");
}

TEST_F(ChooseManifestTest, WhereNothingCameNothingIsChosen) {
  EXPECT_EQ(Choose({}), "none");
  EXPECT_EQ(Choose({kLayer, kIndex}), "none");
  EXPECT_EQ(Choose({kOld}), "none");
}

TEST_F(ChooseManifestTest, OfTwoThatCameNoneIsChosen) {
  moving_ = {"layer-new"};

  EXPECT_EQ(Choose({kNew, kNewer}), "none");
}

TEST_F(ChooseManifestTest, WhatBelongsToAnotherImageIsNotChosen) {
  taken_ = {"new"};

  EXPECT_EQ(Choose({kNew}), "none");
  EXPECT_EQ(Choose({kNew, kNewer}), "newer");
}

TEST_F(ChooseManifestTest, OneOfAnEarlierRunIsToldByItsLayers) {
  moving_ = {"layer-old"};
  EXPECT_EQ(Choose({kOld, kOlder}), "old");
}

TEST_F(ChooseManifestTest, OneOfAnEarlierRunIsToldByItsConfig) {
  moving_ = {"cfg-old"};
  EXPECT_EQ(Choose({kOld, kOlder}), "old");
}

TEST_F(ChooseManifestTest, OfTwoOfEarlierRunsThatMoveNoneIsChosen) {
  moving_ = {"layer-old", "layer-older"};
  EXPECT_EQ(Choose({kOld, kOlder}), "none");
}

TEST_F(ChooseManifestTest, ADigestIsItsManifestHoweverOld) {
  pull_.digest = "old";
  taken_ = {"old"};  // by a tag of the same image

  EXPECT_EQ(Choose({kOld, kNew}), "old");
  EXPECT_EQ(Choose({kNew}), "none");
}

TEST_F(ChooseManifestTest, ADigestOfAnIndexIsTheOneManifestThatWasFetched) {
  pull_.digest = "index";

  EXPECT_EQ(Choose({kIndex, kNew, kNewer}), "new");
  EXPECT_EQ(Choose({kIndex, kOld, kNewer}), "old");
  EXPECT_EQ(Choose({kIndex, kNewer}), "none");
}

TEST_F(ChooseManifestTest, OfAnIndexOfWhichTwoAreThereTheNewOneIsChosen) {
  pull_.digest = "index";
  EXPECT_EQ(Choose({kIndex, kOld, kNew}), "new");
}

TEST_F(ChooseManifestTest, OfAnIndexOfWhichTwoAreOldTheMovingOneIsChosen) {
  pull_.digest = "index";
  pull_.started_at = kStart + absl::Hours(1);
  EXPECT_EQ(Choose({kIndex, kOld, kNew}), "none");

  moving_ = {"layer-new"};

  EXPECT_EQ(Choose({kIndex, kOld, kNew}), "new");
}

TEST_F(ChooseManifestTest, APulledImageIsToldByItsConfigWhateverElse) {
  pull_.image_ref = "cfg-old";
  taken_ = {"old"};

  EXPECT_EQ(Choose({kOlder, kOld, kNew}), "old");
  EXPECT_EQ(Choose({kNew}), "none");
}

TEST_F(ChooseManifestTest, OfTwoWithOneConfigTheNewestIsChosen) {
  pull_.image_ref = "shared";
  StoredBlob first = kOld;
  StoredBlob second = kNew;
  first.config = "shared";
  second.config = "shared";

  EXPECT_EQ(Choose({first, second}), "new");
  EXPECT_EQ(Choose({second, first}), "new");
}

}  // namespace
}  // namespace prepull
