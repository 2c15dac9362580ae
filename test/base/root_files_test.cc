// Files as a process with another root directory sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
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

class FolderEntriesTest : public RootFilesTest {
 protected:
  // "NAME:KIND:SIZE" of each.
  std::vector<std::string> Entries(const EntryQuery& query) {
    std::vector<std::string> found;
    for (const FolderEntry& entry :
         files_.ListEntriesIn(root_, query)
             .value_or(std::vector<FolderEntry>{{.name = "error"}})) {
      constexpr const char* kKinds[] = {"file", "folder", "other"};
      found.push_back(absl::StrCat(entry.name, ":",
                                   kKinds[static_cast<int>(entry.kind)], ":",
                                   entry.size_bytes));
    }
    return found;
  }
};

TEST_F(FolderEntriesTest, AnEntryIsItselfNotWhatALinkLeadsTo) {
  Put("/etc/conf.d/a.conf", "four");
  Link("/etc/main.conf", "/etc/conf.d/b.conf");
  Link("/etc/none", "/etc/conf.d/c.conf");
  std::filesystem::create_directories(root_ + "/etc/conf.d/d");

  EXPECT_THAT(Entries({.path = "/etc/conf.d"}),
              ElementsAre("a.conf:file:4", "b.conf:other:0", "c.conf:other:0",
                          "d:folder:0"));
  EXPECT_THAT(Entries({.path = "/etc/conf.d", .prefix = "a"}),
              ElementsAre("a.conf:file:4"));
}

TEST_F(FolderEntriesTest, AnOwnerIsTold) {
  const absl::StatusOr<std::vector<FolderEntry>> mine =
      files_.ListEntriesIn(root_, {.path = "/etc"});
  const absl::StatusOr<std::vector<FolderEntry>> theirs =
      files_.ListEntriesIn("/", {.path = "/", .prefix = "proc"});

  ASSERT_THAT(mine, IsOk());
  EXPECT_EQ(mine->at(0).owner, geteuid());
  ASSERT_THAT(theirs, IsOk());
  EXPECT_EQ(theirs->at(0).owner, 0);
}

TEST_F(FolderEntriesTest, AFolderThatIsALinkIsListedOnlyIfItMayBeOne) {
  Put("/etc/conf.d/a.conf", "");
  Link("/etc", "/link");
  Link("/etc/conf.d", "/etc/link.d");

  EXPECT_THAT(Entries({.path = "/etc/link.d"}), ElementsAre("a.conf:file:0"));
  EXPECT_THAT(Entries({.path = "/link/conf.d", .may_be_link = false}),
              ElementsAre("a.conf:file:0"));
  EXPECT_THAT(files_.ListEntriesIn(
                  root_, {.path = "/etc/link.d", .may_be_link = false}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "/etc/link.d: open: not a directory"));
}

TEST_F(FolderEntriesTest, NotAllNamesOfAHugeFolderAreRead) {
  for (const char* name : {"a", "b", "c"}) {
    Put(absl::StrCat("/etc/conf.d/", name), "");
  }

  EXPECT_THAT(
      files_.ListEntriesIn(
          root_, {.path = "/etc/conf.d", .prefix = "c", .max_names = 2}),
      StatusIs(absl::StatusCode::kResourceExhausted,
               "/etc/conf.d: more than 2 names"));
  EXPECT_THAT(Entries({.path = "/etc/conf.d", .prefix = "c", .max_names = 3}),
              ElementsAre("c:file:0"));
}

}  // namespace
}  // namespace prepull
