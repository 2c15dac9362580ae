#include "prepull/progress/folder_watch.h"

#include <gtest/gtest.h>

#include <memory>

namespace prepull {
namespace {

using Folders = std::vector<PullFolder>;

class FakePullFolders : public PullFolders {
 public:
  absl::StatusOr<Folders> List() override {
    if (!error.ok()) return error;
    return folders;
  }

  Folders folders;
  absl::Status error;
};

class FolderWatchTest : public testing::Test {
 protected:
  void Look(Folders folders) {
    ++second_;
    seen_.folders = std::move(folders);
    watch_->Look(Instant(absl::Hours(1) + absl::Seconds(second_)));
  }

  int second_ = 0;
  FakePullFolders seen_;
  std::unique_ptr<FolderWatch> watch_ = std::make_unique<FolderWatch>(&seen_);
  ImageOutcome image_, other_;
};

TEST_F(FolderWatchTest, KnowsNothingWithoutFolders) {
  FolderWatch blind(nullptr);

  blind.OnStarted(&image_);
  blind.Look(Instant(absl::Hours(1)));

  EXPECT_FALSE(blind.sees());
  EXPECT_EQ(blind.BytesOf(&image_), std::nullopt);
  EXPECT_EQ(blind.RestingFiles(absl::Seconds(1)), std::nullopt);
}

TEST_F(FolderWatchTest, SeesWhatAPullHasUnderWay) {
  watch_->OnStarted(&image_);
  Look({{.name = "a", .file_bytes = {10}}});
  Look({{.name = "a", .file_bytes = {30}}});

  EXPECT_TRUE(watch_->sees());
  EXPECT_EQ(watch_->bytes(), 30);
  EXPECT_EQ(watch_->BytesOf(&image_), 30);
}

TEST_F(FolderWatchTest, CountsFilesThatRestAndAreNotWhole) {
  watch_->AddBlobs({{.digest = "sha256:aa", .size_bytes = 100}});
  watch_->OnAllBlobsKnown();
  watch_->OnStarted(&image_);
  Look({{.name = "a", .file_bytes = {100, 40, 5}}});
  Look({{.name = "a", .file_bytes = {100, 40, 6}}});
  Look({{.name = "a", .file_bytes = {100, 40, 7}}});

  EXPECT_EQ(watch_->RestingFiles(absl::Seconds(2)), 1);
  Look({{.name = "a", .file_bytes = {100, 41, 8}}});
  EXPECT_EQ(watch_->RestingFiles(absl::Seconds(2)), 0);
}

// CRI-O may have been told of another place, where its files are.
TEST_F(FolderWatchTest, SaysNothingOfRestWhileAPullHasNoFolder) {
  watch_->OnAllBlobsKnown();
  Look({});
  watch_->OnStarted(&image_);
  Look({});
  EXPECT_EQ(watch_->RestingFiles(absl::Seconds(1)), std::nullopt);

  Look({{.name = "a", .file_bytes = {1}}});
  watch_->OnStarted(&other_);
  Look({{.name = "a", .file_bytes = {2}}});
  EXPECT_EQ(watch_->RestingFiles(absl::Seconds(1)), std::nullopt);
}

TEST_F(FolderWatchTest, SaysNothingOfRestWhileSomeBlobsAreNotKnown) {
  watch_->OnStarted(&image_);
  Look({{.name = "a", .file_bytes = {10}}});
  Look({{.name = "a", .file_bytes = {10}}});

  EXPECT_EQ(watch_->RestingFiles(absl::Seconds(1)), std::nullopt);
}

TEST_F(FolderWatchTest, TakesNoFolderOfBeforeForOneOfTheRun) {
  seen_.folders = {{.name = "old", .file_bytes = {7}}};
  watch_ = std::make_unique<FolderWatch>(&seen_);
  watch_->OnStarted(&image_);

  Look({{.name = "old", .file_bytes = {7}}});

  EXPECT_FALSE(watch_->sees());
  EXPECT_EQ(watch_->bytes(), 0);
}

TEST_F(FolderWatchTest, GoesOnWithoutWhatItCannotSeeAnyMore) {
  watch_->OnStarted(&image_);
  Look({{.name = "a", .file_bytes = {10}}});

  seen_.error = absl::PermissionDeniedError("/var/tmp");
  Look({});

  EXPECT_FALSE(watch_->sees());
  EXPECT_EQ(watch_->RestingFiles(absl::Seconds(1)), std::nullopt);
}

}  // namespace
}  // namespace prepull
