#include "prepull/base/file_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kLongWait = absl::Seconds(20);

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    fs::create_directories(watched_);
    Put(elsewhere_);
  }

  static void Put(const std::string& path) { std::ofstream(path) << "text"; }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  const std::string watched_ = folder_ + "/watched";
  const std::string path_ = watched_ + "/status.json";
  const std::string elsewhere_ = folder_ + "/draft";
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

// Below a root, one file.
class RootedFileWatchTest : public FileWatchTest {
 protected:
  FileWatch Rooted(const std::string& path) {
    return {folder_, path, [this] { changed_.Notify(); }};
  }
};

TEST_F(RootedFileWatchTest, TellsThatTheFileWasRenamedIntoPlace) {
  const FileWatch watch = Rooted("/watched/status.json");
  ASSERT_TRUE(watch.is_watching());

  fs::rename(elsewhere_, path_);

  EXPECT_TRUE(changed_.WaitFor(kLongWait));
}

TEST_F(RootedFileWatchTest, DoesNotTellOfOtherFiles) {
  int told = 0;
  {
    const FileWatch watch(folder_, "/watched/status.json", [&] {
      ++told;
      changed_.Notify();
    });
    Put(watched_ + "/other");
    fs::rename(elsewhere_, watched_ + "/status.json.old");
    Put(path_);
    ASSERT_TRUE(changed_.WaitFor(kLongWait));
  }

  EXPECT_EQ(told, 1);
}

TEST_F(RootedFileWatchTest, FollowsNoLinkOutOfTheRoot) {
  const TempFolder outside;
  fs::create_directory(outside.Path("folder"));
  fs::create_directory_symlink(outside.Path("folder"), folder_ + "/link");

  EXPECT_FALSE(Rooted("/link/status.json").is_watching());
}

}  // namespace
}  // namespace prepull
