#include "prepull/runtime/pull_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Calls `then` between the look at the place and those at its folders.
class MovingFiles : public SystemFileSystem {
 public:
  absl::StatusOr<std::vector<FolderEntry>> ListEntriesIn(
      const std::string& root, const EntryQuery& query) override {
    auto entries = SystemFileSystem::ListEntriesIn(root, query);
    if (then != nullptr) std::exchange(then, nullptr)();
    return entries;
  }

  std::function<void()> then;
};

// As CRI-O's library makes them.
std::string PullName(const std::string& number) {
  return "container_images_storage" + number;
}

class PullFoldersTest : public ::testing::Test {
 protected:
  PullFoldersTest() { fs::create_directories(Path("")); }

  std::string Path(const std::string& name) const {
    return root_.Path("var/tmp/" + name);
  }

  // Makes the folder of a pull, with a file of each size.
  void MakePull(const std::string& number,
                const std::vector<int64_t>& sizes) const {
    fs::create_directories(Path(PullName(number)));
    for (size_t i = 0; i < sizes.size(); ++i) {
      const std::string name = absl::StrCat(PullName(number), "/", i + 1);
      root_.Write("var/tmp/" + name, std::string(sizes[i], 'x'));
    }
  }

  // "NUMBER: SIZE SIZE" of each folder; or the error.
  std::vector<std::string> Listed() {
    const absl::StatusOr<std::unique_ptr<PullFolders>> folders =
        OpenPullFolders(files_, root_.path());
    if (!folders.ok()) return {std::string(folders.status().message())};
    return Listed(**folders);
  }

  static std::vector<std::string> Listed(PullFolders& folders) {
    const absl::StatusOr<std::vector<PullFolder>> list = folders.List();
    if (!list.ok()) return {std::string(list.status().message())};
    std::vector<std::string> listed;
    for (const PullFolder& folder : *list) {
      std::string& text = listed.emplace_back(folder.name.substr(24) + ":");
      for (const int64_t bytes : folder.file_bytes) {
        absl::StrAppend(&text, " ", bytes);
      }
    }
    return listed;
  }

  const TempFolder root_;
  SystemFileSystem files_;
};

TEST_F(PullFoldersTest, EachFolderHasTheSizesOfItsFiles) {
  EXPECT_THAT(Listed(), IsEmpty());

  MakePull("123", {10, 0, 300});
  MakePull("4", {});

  EXPECT_THAT(Listed(), ElementsAre("123: 10 0 300", "4:"));
}

TEST_F(PullFoldersTest, AFileGrowsAndAFolderGoes) {
  MakePull("1", {10});
  MakePull("2", {20});
  const auto folders = OpenPullFolders(files_, root_.path());
  ASSERT_THAT(folders, IsOk());
  EXPECT_THAT(Listed(**folders), ElementsAre("1: 10", "2: 20"));

  MakePull("1", {11});
  fs::remove_all(Path(PullName("2")));

  EXPECT_THAT(Listed(**folders), ElementsAre("1: 11"));
}

TEST_F(PullFoldersTest, ThePlaceIsTheOneThatCrioIsToldOf) {
  fs::create_directories(root_.Path("etc/crio"));
  root_.Write("etc/crio/crio.conf",
              "[crio.image]\nbig_files_temporary_dir = '/big'\n");
  EXPECT_THAT(Listed(),
              ElementsAre(root_.Path("big: big: no such file or directory")));

  fs::create_directories(root_.Path("big"));
  MakePull("1", {});
  fs::rename(Path(PullName("1")), root_.Path("big/" + PullName("2")));

  EXPECT_THAT(Listed(), ElementsAre("2:"));
}

TEST_F(PullFoldersTest, APlaceThatIsNotInSightIsNotFound) {
  fs::remove_all(Path(""));

  EXPECT_THAT(OpenPullFolders(files_, root_.path()),
              StatusIs(Code::kNotFound, HasSubstr(root_.Path("var/tmp"))));
}

TEST_F(PullFoldersTest, ThePlaceMayBeALinkInsideOfTheRoot) {
  MakePull("1", {7});
  fs::rename(root_.Path("var/tmp"), root_.Path("data"));
  fs::create_symlink("/data", root_.Path("var/tmp"));

  EXPECT_THAT(Listed(), ElementsAre("1: 7"));
}

TEST_F(PullFoldersTest, OtherNamesAreNotOfPulls) {
  for (const char* name :
       {"container_images_storage", "container_images_storage1a",
        "container_images_oci1", "storage12", "container_images_storage-1"}) {
    fs::create_directories(Path(name));
  }
  root_.Write("var/tmp/" + PullName("5"), "a file");

  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(PullFoldersTest, NoLinkIsFollowed) {
  fs::create_directories(root_.Path("secret"));
  root_.Write("secret/1", "text");
  fs::create_directory_symlink(root_.Path("secret"), Path(PullName("1")));
  MakePull("2", {3});
  fs::create_symlink(root_.Path("secret/1"), Path(PullName("2") + "/9"));

  EXPECT_THAT(Listed(), ElementsAre("2: 3"));
}

TEST_F(PullFoldersTest, WhatVanishesMeanwhileIsNoError) {
  MakePull("1", {10});
  MakePull("2", {20});
  MakePull("3", {30});
  MovingFiles moving;
  const auto folders = OpenPullFolders(moving, root_.path());
  ASSERT_THAT(folders, IsOk());

  moving.then = [this] {
    fs::remove_all(Path(PullName("1")));
    fs::rename(Path(PullName("2")), Path("moved"));
    fs::create_directory_symlink(Path("moved"), Path(PullName("2")));
  };

  EXPECT_THAT(Listed(**folders), ElementsAre("3: 30"));
}

TEST_F(PullFoldersTest, FoldersOfOthersAreNotLookedAt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  MakePull("1", {10});
  MakePull("2", {20, 30});
  ASSERT_EQ(chown(Path(PullName("1")).c_str(), 65534, 0), 0);
  ASSERT_EQ(chown(Path(PullName("2") + "/1").c_str(), 65534, 0), 0);

  EXPECT_THAT(Listed(), ElementsAre("2: 30"));
}

TEST_F(PullFoldersTest, ForeignFoldersThatCrowdThePlaceHideNone) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  for (int i = 0; i < 1100; ++i) {
    fs::create_directory(Path(PullName(absl::StrCat(i))));
    ASSERT_EQ(chown(Path(PullName(absl::StrCat(i))).c_str(), 65534, 0), 0);
  }
  MakePull("7777", {5});

  EXPECT_THAT(Listed(), ElementsAre("7777: 5"));
}

TEST_F(PullFoldersTest, TooManyFoldersAreNotLookedAt) {
  for (int i = 0; i <= 1000; ++i) MakePull(absl::StrCat(i), {});

  EXPECT_THAT(OpenPullFolders(files_, root_.path()),
              StatusIs(Code::kResourceExhausted,
                       root_.Path("var/tmp: more than 1000 folders of pulls")));
}

TEST_F(PullFoldersTest, TooManyFilesAreNotLookedAt) {
  MakePull("1", std::vector<int64_t>(1001, 0));

  EXPECT_THAT(
      OpenPullFolders(files_, root_.path()),
      StatusIs(Code::kResourceExhausted,
               Path("container_images_storage1: more than 1000 names")));
}

TEST_F(PullFoldersTest, TooManyNamesAreNotRead) {
  FakeFileSystem files;
  for (int i = 0; i <= 10000; ++i) {
    EXPECT_THAT(files.WriteFileAtomically(absl::StrCat("/var/tmp/", i), ""),
                IsOk());
  }

  EXPECT_THAT(
      OpenPullFolders(files, "/"),
      StatusIs(Code::kResourceExhausted, "/var/tmp: more than 10000 names"));
}

TEST_F(PullFoldersTest, WhoMayNotLookIsTold) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can act for another user";
  MakePull("1", {10});
  fs::permissions(Path(PullName("1")), fs::perms::owner_all);
  const auto folders = OpenPullFolders(files_, root_.path());
  ASSERT_THAT(folders, IsOk());

  setfsuid(65534);
  absl::Cleanup back = [] { setfsuid(0); };

  EXPECT_THAT((*folders)->List(),
              StatusIs(Code::kPermissionDenied,
                       Path("container_images_storage1: open: permission "
                            "denied")));
}

}  // namespace
}  // namespace prepull
