// Files as a process with another root directory sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "prepull/base/file_system.h"
#include "prepull/base/random.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;

class RootFilesTest : public ::testing::Test {
 protected:
  RootFilesTest() : root_(::testing::TempDir() + "prepull-" + RandomHex(8)) {
    std::filesystem::create_directories(root_ + "/etc/conf.d");
    Put("/etc/main.conf", "main");
  }
  ~RootFilesTest() override { std::filesystem::remove_all(root_); }

  void Put(const std::string& path, const std::string& text) const {
    std::ofstream(root_ + path, std::ios::binary) << text;
  }

  void Link(const std::string& target, const std::string& path) const {
    std::filesystem::create_symlink(target, root_ + path);
  }

  absl::StatusOr<std::string> Read(const std::string& path) {
    return files_.ReadFileIn(root_, path, /*limit_bytes=*/9);
  }

  const std::string root_;
  SystemFileSystem files_;
};

TEST_F(RootFilesTest, AFileIsReadAlsoThroughLinksThatStartAtTheRoot) {
  Link("/etc/main.conf", "/etc/conf.d/a.conf");

  EXPECT_THAT(Read("/etc/main.conf"), IsOkAndHolds("main"));
  EXPECT_THAT(Read("/etc/conf.d/a.conf"), IsOkAndHolds("main"));
}

TEST_F(RootFilesTest, NoLinkLeadsOutOfTheRoot) {
  Link("/proc/self/status", "/etc/outside");
  Link("../../../../../../../../proc/self/status", "/etc/above");

  EXPECT_THAT(Read("/etc/outside"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Read("/etc/above"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RootFilesTest, WhatIsNoFileOrTooLargeIsNotRead) {
  Put("/etc/large.conf", "ten bytes.");
  ASSERT_EQ(mkfifo((root_ + "/etc/pipe.conf").c_str(), 0600), 0);

  EXPECT_THAT(Read("/etc/large.conf"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "/etc/large.conf: larger than 9 bytes"));
  EXPECT_THAT(Read("/etc/pipe.conf"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "/etc/pipe.conf: not a regular file"));
  EXPECT_THAT(Read("/etc/conf.d"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Read("/etc/none"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RootFilesTest, AFolderIsListedAlsoThroughALink) {
  Put("/etc/conf.d/b.conf", "");
  Put("/etc/conf.d/a.conf", "");
  Link("/etc/conf.d", "/link");

  EXPECT_THAT(files_.ListFolderIn(root_, "/link"),
              IsOkAndHolds(ElementsAre("a.conf", "b.conf")));
  EXPECT_THAT(files_.ListFolderIn(root_, "/etc/none"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(files_.ListFolderIn(root_, "/etc/main.conf").ok());
}

}  // namespace
}  // namespace prepull
