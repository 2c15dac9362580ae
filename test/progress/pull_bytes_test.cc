#include "prepull/progress/pull_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr std::nullopt_t kNobodyKnows = std::nullopt;

class PullBytesTest : public ::testing::Test {
 protected:
  std::optional<int64_t> BytesOf(const ImageOutcome& image) {
    return bytes_.BytesOf(&image);
  }

  PullBytes bytes_{{}};
  ImageOutcome x_;
  ImageOutcome y_;
  ImageOutcome z_;
};

TEST_F(PullBytesTest, AFolderIsOfTheOnlyPullThatStarted) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {10, 5}}});
  EXPECT_THAT(BytesOf(x_), Optional(15));

  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {20, 5}}, {"b", {1}}});

  EXPECT_THAT(BytesOf(x_), Optional(25));
  EXPECT_THAT(BytesOf(y_), Optional(1));
  EXPECT_EQ(bytes_.bytes(), 26);
}

TEST_F(PullBytesTest, AnImageThatIsNotPulledHasNoNumber) {
  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));

  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {10}}});
  bytes_.OnPulled(&x_, {{10}});

  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));
}

TEST_F(PullBytesTest, PullsThatStartedTogetherAreCountedForTheRunAlone) {
  bytes_.OnStarted(&x_);
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {10}}, {"b", {7}}});

  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));
  EXPECT_THAT(BytesOf(y_), Eq(kNobodyKnows));
  EXPECT_EQ(bytes_.bytes(), 17);

  bytes_.OnPulled(&x_, {{20}});
  bytes_.OnLook({{"b", {9}}});
  EXPECT_EQ(bytes_.bytes(), 29);
}

TEST_F(PullBytesTest, TwoPullsWithOneFolderSoFarAreNotToldApartLater) {
  bytes_.OnStarted(&x_);
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {10}}});
  bytes_.OnLook({{"a", {20}}, {"b", {1}}});
  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));
  EXPECT_THAT(BytesOf(y_), Eq(kNobodyKnows));
  EXPECT_EQ(bytes_.bytes(), 21);

  bytes_.OnStarted(&z_);
  bytes_.OnLook({{"a", {20}}, {"b", {1}}, {"c", {3}}});
  EXPECT_THAT(BytesOf(z_), Optional(3));
  EXPECT_EQ(bytes_.bytes(), 24);
}

TEST_F(PullBytesTest, AFolderMayAppearLate) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({});
  bytes_.OnLook({});
  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));
  EXPECT_EQ(bytes_.bytes(), 0);

  bytes_.OnLook({{"a", {10}}});
  EXPECT_THAT(BytesOf(x_), Optional(10));
}

TEST_F(PullBytesTest, ALateFolderMakesTheOneBeforeItDoubtful) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"of somebody else", {1}}});
  bytes_.OnLook({{"of somebody else", {2}}, {"a", {10}}});

  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));
}

TEST_F(PullBytesTest, FoldersFromBeforeTheRunAreNeverOfIt) {
  PullBytes bytes({{"old", {1000}}});
  bytes.OnStarted(&x_);
  bytes.OnLook({{"old", {2000}}});
  EXPECT_THAT(bytes.BytesOf(&x_), Eq(kNobodyKnows));
  EXPECT_EQ(bytes.bytes(), 0);

  bytes.OnLook({{"a", {10}}, {"old", {3000}}});
  EXPECT_THAT(bytes.BytesOf(&x_), Optional(10));
  EXPECT_EQ(bytes.bytes(), 10);
}

TEST_F(PullBytesTest, WhileSomebodyElsePullsNothingNewIsToldApart) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {10}}});
  bytes_.OnLook({{"a", {20}}});
  bytes_.OnLook({{"a", {30}}, {"foreign", {500}}});
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {40}}, {"b", {7}}, {"foreign", {600}}});
  EXPECT_THAT(BytesOf(x_), Optional(40));
  EXPECT_THAT(BytesOf(y_), Eq(kNobodyKnows));
  EXPECT_EQ(bytes_.bytes(), 40);

  bytes_.OnLook({{"a", {50}}, {"b", {8}}});
  EXPECT_EQ(bytes_.bytes(), 58);
  bytes_.OnStarted(&z_);
  bytes_.OnLook({{"a", {50}}, {"b", {8}}, {"c", {2}}});
  EXPECT_THAT(BytesOf(z_), Optional(2));
}

TEST_F(PullBytesTest, TwoFoldersForOnePullAreOfNobody) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {10}}, {"b", {10}}});

  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));
  EXPECT_EQ(bytes_.bytes(), 0);
}

// CRI-O that is killed leaves its folders behind.
TEST_F(PullBytesTest, FoldersThatOutliveAllPullsAreForgotten) {
  bytes_.OnStarted(&x_);
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {10}}, {"b", {7}}});
  bytes_.OnFailed(&x_);
  bytes_.OnFailed(&y_);
  bytes_.OnLook({{"a", {10}}, {"b", {7}}});
  EXPECT_EQ(bytes_.bytes(), 0);

  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {10}}, {"b", {7}}, {"c", {3}}});

  EXPECT_THAT(BytesOf(x_), Optional(3));
  EXPECT_EQ(bytes_.bytes(), 3);
}

TEST_F(PullBytesTest, ARetryBeginsWithAFolderOfItsOwn) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {100}}});
  bytes_.OnFailed(&x_);
  EXPECT_EQ(bytes_.bytes(), 0);

  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {120}}, {"b", {5}}});
  EXPECT_THAT(BytesOf(x_), Optional(5));
  EXPECT_EQ(bytes_.bytes(), 5);

  bytes_.OnLook({{"b", {60}}});
  EXPECT_THAT(BytesOf(x_), Optional(60));
  EXPECT_EQ(bytes_.bytes(), 60);
}

// Which of them the folder is of is not certain, even if one has ended.
TEST_F(PullBytesTest, APullThatEndedBetweenTwoLooksMakesTheNextOneDoubtful) {
  bytes_.OnStarted(&x_);
  bytes_.OnFailed(&x_);
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {10}}});
  EXPECT_THAT(BytesOf(x_), Eq(kNobodyKnows));

  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {10}}, {"b", {5}}});
  EXPECT_THAT(BytesOf(y_), Optional(5));
}

TEST_F(PullBytesTest, TheFolderOfAPullThatHasEndedIsNotOfTheNext) {
  bytes_.OnStarted(&x_);
  bytes_.OnFailed(&x_);
  bytes_.OnLook({{"a", {10}}});
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {10}}});
  EXPECT_THAT(BytesOf(y_), Eq(kNobodyKnows));

  bytes_.OnLook({{"b", {5}}});
  EXPECT_THAT(BytesOf(y_), Optional(5));
  EXPECT_EQ(bytes_.bytes(), 5);
}

TEST_F(PullBytesTest, AFileOfABlobThatIsWholeIsLeftOut) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {100, 20}}});
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {100, 20}}, {"b", {100, 20, 20, 3}}});
  bytes_.OnPulled(&x_, {{100, 20}});

  EXPECT_THAT(BytesOf(y_), Optional(23));
  EXPECT_EQ(bytes_.bytes(), 263);  // as before: it never falls
}

TEST_F(PullBytesTest, AFolderThatOutlivesItsPullIsNotCountedTwice) {
  bytes_.OnStarted(&x_);
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {100}}, {"b", {7}}});
  bytes_.OnPulled(&x_, {{100}});
  EXPECT_EQ(bytes_.bytes(), 107);

  bytes_.OnLook({{"a", {100}}, {"b", {8}}});
  bytes_.OnLook({{"b", {9}}});
  EXPECT_EQ(bytes_.bytes(), 109);
}

TEST_F(PullBytesTest, AFolderThatGoesBeforeItsPullEndsIsStillCounted) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {100, 3}}});
  bytes_.OnLook({});
  EXPECT_THAT(BytesOf(x_), Optional(103));
  EXPECT_EQ(bytes_.bytes(), 103);

  bytes_.OnPulled(&x_, {{100, 3, 5}});
  EXPECT_EQ(bytes_.bytes(), 108);
}

TEST_F(PullBytesTest, TheRunsNumberWaitsForFoldersThatGoBeforeTheirPullsEnd) {
  bytes_.OnStarted(&x_);
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {100}}, {"b", {7}}});
  bytes_.OnLook({{"b", {7}}});
  EXPECT_EQ(bytes_.bytes(), 107);

  bytes_.OnPulled(&x_, {{100}});
  EXPECT_EQ(bytes_.bytes(), 107);
}

TEST_F(PullBytesTest, WhatWasSeenOfAnUnknownImageCountsOn) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {100}}});
  bytes_.OnPulled(&x_, std::nullopt);
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"b", {5}}});

  EXPECT_EQ(bytes_.bytes(), 105);
}

TEST_F(PullBytesTest, OnlyWhatAFailedPullHadIsLost) {
  bytes_.OnStarted(&x_);
  bytes_.OnLook({{"a", {100}}});
  bytes_.OnStarted(&y_);
  bytes_.OnLook({{"a", {100}}, {"b", {30}}});
  bytes_.OnFailed(&x_);
  EXPECT_EQ(bytes_.bytes(), 30);

  bytes_.OnLook({{"a", {100}}, {"b", {40}}});
  bytes_.OnLook({{"b", {50}}});
  EXPECT_EQ(bytes_.bytes(), 50);
}

// A node whose pulls start, grow and end at random, looked at now and then.
class RandomNode {
 public:
  explicit RandomNode(int seed) : random_(seed), images_(6) {
    for (ImageOutcome& image : images_) {
      image.image = absl::StrCat("image", &image - images_.data());
    }
  }

  void Step() {
    switch (Below(6)) {
      case 0:
        return Start();
      case 1:
        return End();
      case 2:
        return TakeFolderAway();
      default:
        for (Pull& pull : pulls_) pull.folder.file_bytes[0] += Below(1 << 20);
        return Look();
    }
  }

  void RequireTruth() {
    EXPECT_GE(bytes_.bytes(), highest_);
    highest_ = bytes_.bytes();
    // Nothing is invented: all of it is downloaded.
    int64_t downloaded = whole_;
    for (const Pull& pull : pulls_) downloaded += pull.folder.file_bytes[0];
    EXPECT_LE(bytes_.bytes(), downloaded);
    for (const Pull& pull : pulls_) {
      const std::optional<int64_t> known = bytes_.BytesOf(pull.image);
      if (!known.has_value()) continue;
      ++known_;
      EXPECT_EQ(*known, pull.seen_bytes);
    }
  }

  int known() const { return known_; }

 private:
  struct Pull {
    PullBytes::Image image;
    PullFolder folder;
    int64_t seen_bytes = 0;
    bool has_folder = true;
  };

  int Below(int limit) {
    return std::uniform_int_distribution<>(0, limit - 1)(random_);
  }

  void Start() {
    const ImageOutcome& image =
        images_[Below(static_cast<int>(images_.size()))];
    for (const Pull& pull : pulls_) {
      if (pull.image == &image) return;
    }
    bytes_.OnStarted(&image);
    pulls_.push_back({&image, {absl::StrCat("folder", ++folders_), {0}}});
  }

  void End() {
    if (pulls_.empty()) return;
    const auto pull = pulls_.begin() + Below(static_cast<int>(pulls_.size()));
    const int64_t size = pull->folder.file_bytes[0];
    whole_ += size;
    bytes_.OnPulled(pull->image, {{size}});
    pulls_.erase(pull);
  }

  void TakeFolderAway() {
    if (pulls_.empty()) return;
    pulls_[Below(static_cast<int>(pulls_.size()))].has_folder = false;
  }

  void Look() {
    std::vector<PullFolder> folders;
    for (Pull& pull : pulls_) {
      if (!pull.has_folder) continue;
      folders.push_back(pull.folder);
      pull.seen_bytes = pull.folder.file_bytes[0];
    }
    bytes_.OnLook(folders);
  }

  std::mt19937 random_;
  std::vector<ImageOutcome> images_;
  std::vector<Pull> pulls_;
  PullBytes bytes_{{}};
  int folders_ = 0;
  int known_ = 0;
  int64_t whole_ = 0;
  int64_t highest_ = 0;
};

TEST(RandomPullBytesTest, NothingIsInventedAndNothingFalls) {
  for (int seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomNode node(seed);
    for (int step = 0; step < 200; ++step) {
      node.Step();
      node.RequireTruth();
    }
    EXPECT_GT(node.known(), 0);
  }
}

}  // namespace
}  // namespace prepull
