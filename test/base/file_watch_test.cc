#include "prepull/base/file_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "prepull/base/random.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kLongWait = absl::Seconds(20);

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest()
      : folder_(::testing::TempDir() + "prepull-" + RandomHex(8)),
        watched_(folder_ + "/watched"),
        path_(watched_ + "/status.json"),
        elsewhere_(folder_ + "/draft") {
    fs::create_directories(watched_);
    Put(elsewhere_);
  }
  ~FileWatchTest() override { fs::remove_all(folder_); }

  static void Put(const std::string& path) { std::ofstream(path) << "text"; }

  const std::string folder_;
  const std::string watched_;
  const std::string path_;
  const std::string elsewhere_;
  Wakeup changed_;
};

TEST_F(FileWatchTest, TellsThatAFileWasRenamedIntoPlace) {
  const FileWatch watch(path_, changed_);
  ASSERT_TRUE(watch.is_watching());

  fs::rename(elsewhere_, path_);

  EXPECT_TRUE(changed_.WaitFor(kLongWait));
}

TEST_F(FileWatchTest, TellsThatAFileWasWritten) {
  const FileWatch watch(path_, changed_);

  Put(path_);

  EXPECT_TRUE(changed_.WaitFor(kLongWait));
}

TEST_F(FileWatchTest, TellsThatAFileWasRemoved) {
  Put(path_);
  const FileWatch watch(path_, changed_);

  fs::remove(path_);

  EXPECT_TRUE(changed_.WaitFor(kLongWait));
}

TEST_F(FileWatchTest, TellsAgainOfTheNextChange) {
  const FileWatch watch(path_, changed_);
  fs::rename(elsewhere_, path_);
  ASSERT_TRUE(changed_.WaitFor(kLongWait));

  fs::remove(path_);

  EXPECT_TRUE(changed_.WaitFor(kLongWait));
}

TEST_F(FileWatchTest, SaysThatItCannotWatchAMissingFolder) {
  const FileWatch watch(folder_ + "/missing/status.json", changed_);

  EXPECT_FALSE(watch.is_watching());
}

// It may come back as another folder, which this watch would never see.
TEST_F(FileWatchTest, NoLongerWatchesAFolderThatIsGone) {
  const FileWatch watch(path_, changed_);

  fs::remove(watched_);

  EXPECT_TRUE(changed_.WaitFor(kLongWait));
  EXPECT_FALSE(watch.is_watching());
}

TEST_F(FileWatchTest, NoLongerWatchesAFolderThatWasMoved) {
  const FileWatch watch(path_, changed_);

  fs::rename(watched_, folder_ + "/moved");

  EXPECT_TRUE(changed_.WaitFor(kLongWait));
  EXPECT_FALSE(watch.is_watching());
}

}  // namespace
}  // namespace prepull
