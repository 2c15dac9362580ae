#include "src/runtime/crio_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

class CrioConfigTest : public ::testing::Test {
 protected:
  void Put(const std::string& name, const std::string& text) {
    EXPECT_THAT(files_.WriteFileAtomically("/host/etc/crio/" + name, text),
                IsOk());
  }

  void PutPlace(const std::string& name, const std::string& place) {
    Put(name, absl::StrCat("[crio.image]\nbig_files_temporary_dir = \"", place,
                           "\"\n"));
  }

  absl::StatusOr<std::string> Place() {
    return CrioBigFilesFolder(files_, "/host");
  }

  FakeFileSystem files_;
};

TEST_F(CrioConfigTest, ANodeThatSaysNothingUsesVarTmp) {
  EXPECT_THAT(Place(), IsOkAndHolds("/var/tmp"));

  Put("crio.conf", "[crio]\nroot = '/data'\n[crio.image]\npause_image = 'a'\n");
  Put("crio.conf.d/10-x.conf", "# nothing\n");

  EXPECT_THAT(Place(), IsOkAndHolds("/var/tmp"));
}

TEST_F(CrioConfigTest, TheLastFileWins) {
  PutPlace("crio.conf", "/main");
  EXPECT_THAT(Place(), IsOkAndHolds("/main"));

  PutPlace("crio.conf.d/20-b.conf", "/b");
  PutPlace("crio.conf.d/10-a.conf", "/a");
  EXPECT_THAT(Place(), IsOkAndHolds("/b"));

  Put("crio.conf.d/30-c.conf", "[crio.image]\npause_image = 'a'\n");
  EXPECT_THAT(Place(), IsOkAndHolds("/b"));
}

// CRI-O walks over all that is there, by name.
TEST_F(CrioConfigTest, AFolderAmongTheDropInsHasItsPlaceThere) {
  PutPlace("crio.conf.d/20-b/x.conf", "/b");
  PutPlace("crio.conf.d/10-a", "/a");
  EXPECT_THAT(Place(), IsOkAndHolds("/b"));

  PutPlace("crio.conf.d/30-c.bak", "/c");
  EXPECT_THAT(Place(), IsOkAndHolds("/c"));
}

TEST_F(CrioConfigTest, AnEmptyPlaceIsTheDefault) {
  PutPlace("crio.conf", "/main");
  PutPlace("crio.conf.d/10-a.conf", "");

  EXPECT_THAT(Place(), IsOkAndHolds("/var/tmp"));
}

TEST_F(CrioConfigTest, APlaceWithoutASlashIsBelowTheRoot) {
  PutPlace("crio.conf", "tmp/big");

  EXPECT_THAT(Place(), IsOkAndHolds("/tmp/big"));
}

TEST_F(CrioConfigTest, WhatCrioWouldRefuseIsToldByItsLine) {
  PutPlace("crio.conf", "/main");
  Put("crio.conf.d/10-a.conf", "\n[crio.image\n");
  EXPECT_THAT(
      Place(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("/host/etc/crio/crio.conf.d/10-a.conf:2:"),
                     HasSubstr(": CRI-O would not start with it"))));

  Put("crio.conf.d/10-a.conf", "crio.image = 1\n");
  EXPECT_THAT(Place(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "/host/etc/crio/crio.conf.d/10-a.conf:1:14: image: "
                       "expected a table: CRI-O would not start with it"));

  Put("crio.conf.d/10-a.conf", "crio.image.big_files_temporary_dir = 1\n");
  EXPECT_THAT(Place(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("10-a.conf:1:38: big_files_temporary_dir: "
                                 "expected a string")));
}

TEST_F(CrioConfigTest, FilesWithoutEndAreNotRead) {
  for (int i = 0; i <= 1000; ++i) Put(absl::StrCat("crio.conf.d/", i), "");
  EXPECT_THAT(Place(), StatusIs(absl::StatusCode::kResourceExhausted,
                                HasSubstr("too many files")));
}

TEST_F(CrioConfigTest, FoldersWithoutEndAreNotRead) {
  std::string deep = "crio.conf.d";
  for (int i = 0; i < 20; ++i) deep += "/d";
  Put(deep, "");

  EXPECT_THAT(Place(), StatusIs(absl::StatusCode::kResourceExhausted,
                                HasSubstr("too many files")));
}

TEST(CrioConfigFilesTest, ADropInMayBeALinkInsideOfTheRoot) {
  namespace fs = std::filesystem;
  const TempFolder root;
  SystemFileSystem files;
  fs::create_directories(root.Path("etc/crio/crio.conf.d"));
  root.Write("etc/there", "[crio.image]\nbig_files_temporary_dir='/big'\n");
  fs::create_symlink("/etc/there", root.Path("etc/crio/crio.conf.d/10-a"));

  EXPECT_THAT(CrioBigFilesFolder(files, root.path()), IsOkAndHolds("/big"));

  fs::create_symlink("/etc/none", root.Path("etc/crio/crio.conf.d/20-b"));
  EXPECT_THAT(CrioBigFilesFolder(files, root.path()),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr(root.Path("etc/crio/crio.conf.d/20-b"))));
}

}  // namespace
}  // namespace prepull
