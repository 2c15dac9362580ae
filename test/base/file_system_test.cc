#include "prepull/base/file_system.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class FileSystemTest : public ::testing::Test {
 protected:
  // Puts `text` there as any other program would.
  void Put(const std::string& path, const std::string& text) const {
    std::ofstream(path, std::ios::binary) << text;
  }

  void PutOld(const std::string& path, absl::Duration age) const {
    Put(path, "draft");
    fs::last_write_time(
        path, fs::file_time_type::clock::now() - absl::ToChronoSeconds(age));
  }

  std::vector<std::string> Names() const { return temp_.Names(); }

  absl::StatusOr<std::string> Read() { return files_.ReadFile(path_, 1000); }
  absl::Status Write(absl::string_view text) {
    return files_.WriteFileAtomically(path_, text);
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  const std::string path_ = folder_ + "/status.json";
  SystemFileSystem files_;
};

// This thread without root's right to write everywhere, for as long as it
// lives (setfsuid(2)).
class AsNobody {
 public:
  AsNobody() : before_(setfsuid(65534)) {}
  ~AsNobody() { setfsuid(before_); }

 private:
  const int before_;
};

// A disk that takes no file larger than `bytes`, for as long as this lives.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small = {bytes, before_.rlim_max};
    std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_;
};

using WriteFileAtomicallyTest = FileSystemTest;
using RemoveFileTest = FileSystemTest;
using RemoveOldDraftsTest = FileSystemTest;
using ReadFileTest = FileSystemTest;

TEST_F(WriteFileAtomicallyTest, CreatesAFileThatAllMayRead) {
  ASSERT_THAT(Write("new"), IsOk());

  EXPECT_THAT(Read(), IsOkAndHolds("new"));
  EXPECT_EQ(fs::status(path_).permissions() & fs::perms::mask,
            static_cast<fs::perms>(0644));
}

TEST_F(WriteFileAtomicallyTest, ReplacesWhatIsThereAndLeavesNothingElse) {
  Put(path_, "an old and longer text");

  ASSERT_THAT(Write("new"), IsOk());

  EXPECT_THAT(Read(), IsOkAndHolds("new"));
  EXPECT_THAT(Names(), ElementsAre("status.json"));
}

TEST_F(WriteFileAtomicallyTest, AReaderSeesTheOldTextOrTheNewOneNeverAPart) {
  const std::string before(300000, 'a');
  const std::string after(200000, 'b');
  ASSERT_THAT(Write(before), IsOk());
  std::vector<std::string> seen;

  std::atomic<bool> done = false;
  std::jthread reader([&] {
    do {
      seen.push_back(SystemFileSystem().ReadFile(path_, 1 << 20).value_or(""));
    } while (!done);
  });
  for (int i = 0; i < 10; ++i) {
    ASSERT_THAT(Write(i % 2 == 0 ? after : before), IsOk());
  }
  done = true;
  reader.join();

  EXPECT_THAT(seen, Each(AnyOf(before, after)));
}

TEST_F(WriteFileAtomicallyTest, AReaderThatHasItOpenKeepsTheOldFile) {
  Put(path_, "old");
  std::ifstream reader(path_);

  ASSERT_THAT(Write("new"), IsOk());

  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old");
}

TEST_F(WriteFileAtomicallyTest, ReplacesASymbolicLinkAndLeavesItsTarget) {
  const std::string target = folder_ + "/precious";
  Put(target, "precious");
  fs::create_symlink(target, path_);

  ASSERT_THAT(Write("new"), IsOk());

  EXPECT_FALSE(fs::is_symlink(path_));
  EXPECT_THAT(Read(), IsOkAndHolds("new"));
  EXPECT_THAT(files_.ReadFile(target, 1000), IsOkAndHolds("precious"));
}

TEST_F(WriteFileAtomicallyTest, ReplacesALinkToNowhere) {
  fs::create_symlink(folder_ + "/nothing", path_);

  ASSERT_THAT(Write("new"), IsOk());

  EXPECT_THAT(Names(), ElementsAre("status.json"));
}

TEST_F(WriteFileAtomicallyTest, SaysThatTheFolderIsMissing) {
  const std::string path = folder_ + "/missing/status.json";

  EXPECT_THAT(files_.WriteFileAtomically(path, "new"),
              StatusIs(Code::kNotFound,
                       HasSubstr("create: no such file or directory")));
}

TEST_F(WriteFileAtomicallyTest, NamesTheFileItCouldNotWrite) {
  const std::string path = folder_ + "/missing/status.json";

  EXPECT_THAT(files_.WriteFileAtomically(path, "new"),
              StatusIs(Code::kNotFound, StartsWith(path)));
}

TEST_F(WriteFileAtomicallyTest, SaysThatTheFolderIsReadOnly) {
  Put(path_, "old");
  fs::permissions(folder_, static_cast<fs::perms>(0555));
  const AsNobody nobody;

  EXPECT_THAT(Write("new"), StatusIs(Code::kPermissionDenied,
                                     HasSubstr("permission denied")));
  EXPECT_THAT(Read(), IsOkAndHolds("old"));
}

TEST_F(WriteFileAtomicallyTest, KeepsTheOldFileIfTheDiskTakesOnlyAPart) {
  Put(path_, "old");
  const SmallDisk disk(4096);

  const absl::Status written = Write(std::string(5000, 'x'));

  EXPECT_THAT(written, StatusIs(Code::kOutOfRange, HasSubstr("write: ")));
  EXPECT_THAT(Read(), IsOkAndHolds("old"));
  EXPECT_THAT(Names(), ElementsAre("status.json"));
}

TEST_F(WriteFileAtomicallyTest, LeavesNoDraftBehindIfItCannotRename) {
  fs::create_directory(path_);

  EXPECT_THAT(Write("new"), Not(IsOk()));
  EXPECT_THAT(Names(), ElementsAre("status.json"));
}

// A rename would take /dev/null from everybody on the node.
TEST_F(WriteFileAtomicallyTest, DoesNotReplaceWhatIsNoRegularFile) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);

  EXPECT_THAT(Write("new"), StatusIs(Code::kFailedPrecondition,
                                     path_ + ": not a regular file"));
  EXPECT_TRUE(fs::is_fifo(path_));
  EXPECT_THAT(Names(), ElementsAre("status.json"));
}

// /dev/stdout is one.
TEST_F(WriteFileAtomicallyTest, DoesNotReplaceALinkToADevice) {
  fs::create_symlink("/dev/null", path_);

  EXPECT_THAT(Write("new"), StatusIs(Code::kFailedPrecondition));
  EXPECT_TRUE(fs::is_symlink(path_));
}

TEST_F(WriteFileAtomicallyTest, TakesAnEmptyText) {
  ASSERT_THAT(Write(""), IsOk());

  EXPECT_THAT(Read(), IsOkAndHolds(IsEmpty()));
}

TEST_F(RemoveFileTest, RemovesAFile) {
  ASSERT_THAT(files_.WriteFileAtomically(path_, "x"), IsOk());

  EXPECT_THAT(files_.RemoveFile(path_), IsOk());
  EXPECT_THAT(files_.RemoveFile(path_), StatusIs(Code::kNotFound));
}

TEST_F(RemoveFileTest, LeavesWhatIsNoFileItself) {
  const std::string other = path_ + ".other";
  ASSERT_THAT(files_.WriteFileAtomically(other, "x"), IsOk());
  ASSERT_EQ(symlink(other.c_str(), path_.c_str()), 0);

  EXPECT_THAT(files_.RemoveFile(path_), StatusIs(Code::kFailedPrecondition));
  EXPECT_THAT(files_.RemoveFile(folder_), StatusIs(Code::kFailedPrecondition));
  EXPECT_THAT(files_.ReadFile(path_, 10), IsOk());
}

TEST_F(RemoveOldDraftsTest, RemovesWhatAKilledWriterLeft) {
  PutOld(path_ + ".0123456789abcdef.tmp", absl::Hours(2));
  Put(path_, "whole");

  files_.RemoveOldDrafts(path_, absl::Hours(1));

  EXPECT_THAT(Names(), ElementsAre("status.json"));
}

TEST_F(RemoveOldDraftsTest, LeavesADraftThatSomebodyMayBeWriting) {
  PutOld(path_ + ".0123456789abcdef.tmp", absl::Minutes(1));

  files_.RemoveOldDrafts(path_, absl::Hours(1));

  EXPECT_THAT(Names(), ElementsAre("status.json.0123456789abcdef.tmp"));
}

TEST_F(RemoveOldDraftsTest, LeavesWhatIsNoDraftOfThisFile) {
  PutOld(folder_ + "/other.json.0123456789abcdef.tmp", absl::Hours(2));
  PutOld(folder_ + "/xstatus.json.0123456789abcdef.tmp", absl::Hours(2));
  PutOld(path_ + ".tmp", absl::Hours(2));
  PutOld(path_ + ".2026-01-02-03-04.tmp", absl::Hours(2));
  PutOld(path_ + ".0123456789abcdef.bak", absl::Hours(2));
  PutOld(path_ + ".0123456789abcdef0.tmp", absl::Hours(2));

  files_.RemoveOldDrafts(path_, absl::Hours(1));

  EXPECT_THAT(Names(),
              UnorderedElementsAre("other.json.0123456789abcdef.tmp",
                                   "xstatus.json.0123456789abcdef.tmp",
                                   "status.json.tmp",
                                   "status.json.2026-01-02-03-04.tmp",
                                   "status.json.0123456789abcdef.bak",
                                   "status.json.0123456789abcdef0.tmp"));
}

TEST_F(RemoveOldDraftsTest, LeavesAFolderThatHasADraftsName) {
  const std::string folder = path_ + ".0123456789abcdef.tmp";
  fs::create_directory(folder);
  fs::last_write_time(folder,
                      fs::file_time_type::clock::now() - std::chrono::hours(2));

  files_.RemoveOldDrafts(path_, absl::Hours(1));

  EXPECT_TRUE(fs::is_directory(folder));
}

TEST_F(RemoveOldDraftsTest, DoesNotMindAMissingFolder) {
  files_.RemoveOldDrafts(folder_ + "/missing/status.json", absl::Hours(1));

  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ReadFileTest, ReadsTheWholeFile) {
  const std::string text(200000, 'x');
  Put(path_, text);

  EXPECT_THAT(files_.ReadFile(path_, 200000), IsOkAndHolds(text));
}

TEST_F(ReadFileTest, KeepsZeroBytes) {
  Put(path_, std::string("a\0b", 3));

  EXPECT_THAT(Read(), IsOkAndHolds(std::string("a\0b", 3)));
}

TEST_F(ReadFileTest, RefusesWhatIsLargerThanTheLimit) {
  Put(path_, std::string(1001, 'x'));

  EXPECT_THAT(Read(), StatusIs(Code::kInvalidArgument,
                               path_ + ": larger than 1000 bytes"));
}

TEST_F(ReadFileTest, RefusesWhatNeverEnds) {
  EXPECT_THAT(files_.ReadFile("/dev/zero", 1 << 20),
              StatusIs(Code::kInvalidArgument));
}

TEST_F(ReadFileTest, SaysThatThereIsNone) {
  EXPECT_THAT(Read(), StatusIs(Code::kNotFound,
                               path_ + ": open: no such file or directory"));
}

TEST_F(ReadFileTest, SaysThatItIsAFolder) {
  EXPECT_THAT(
      files_.ReadFile(folder_, 1000),
      StatusIs(Code::kFailedPrecondition, folder_ + ": read: is a directory"));
}

TEST_F(ReadFileTest, SaysThatItMayNotRead) {
  Put(path_, "secret");
  fs::permissions(path_, fs::perms::none);
  const AsNobody nobody;

  EXPECT_THAT(Read(), StatusIs(Code::kPermissionDenied,
                               path_ + ": open: permission denied"));
}

TEST_F(FileSystemTest, WritesIntoAFileThatIsThere) {
  Put(path_, "what stood here before is longer");

  EXPECT_THAT(files_.WriteExisting(path_, "last words"), IsOk());

  EXPECT_THAT(files_.ReadFile(path_, 100), IsOkAndHolds("last words"));
}

TEST_F(FileSystemTest, MakesNoFileThatIsNotThereAndWritesIntoNothingElse) {
  EXPECT_THAT(files_.WriteExisting(path_, "x"), StatusIs(Code::kNotFound));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_THAT(files_.WriteExisting("/dev/null", "x"),
              StatusIs(Code::kFailedPrecondition));
  EXPECT_FALSE(files_.WriteExisting(folder_, "x").ok());
}

class FolderTest : public FileSystemTest {};

TEST_F(FolderTest, ListsTheNamesInOrder) {
  Put(folder_ + "/b", "");
  Put(folder_ + "/.a", "");
  fs::create_directory(folder_ + "/..data");
  fs::create_symlink("nowhere", folder_ + "/c");

  EXPECT_THAT(files_.ListFolder(folder_),
              IsOkAndHolds(ElementsAre("..data", ".a", "b", "c")));
}

TEST_F(FolderTest, SaysWhyItCannotBeListed) {
  Put(path_, "");

  EXPECT_THAT(
      files_.ListFolder(path_),
      StatusIs(Code::kFailedPrecondition, path_ + ": open: not a directory"));
  EXPECT_THAT(files_.ListFolder(folder_ + "/none"), StatusIs(Code::kNotFound));
}

TEST_F(FolderTest, TellsFilesFromFoldersAndFollowsLinks) {
  Put(path_, "");
  fs::create_symlink(path_, folder_ + "/link");
  fs::create_symlink("nowhere", folder_ + "/loose");

  EXPECT_THAT(files_.KindOf(path_), IsOkAndHolds(FileKind::kFile));
  EXPECT_THAT(files_.KindOf(folder_ + "/link"), IsOkAndHolds(FileKind::kFile));
  EXPECT_THAT(files_.KindOf(folder_), IsOkAndHolds(FileKind::kFolder));
  EXPECT_THAT(files_.KindOf("/dev/null"), IsOkAndHolds(FileKind::kOther));
  EXPECT_THAT(files_.KindOf(folder_ + "/loose"),
              StatusIs(Code::kNotFound,
                       folder_ + "/loose: open: no such file or directory"));
}

}  // namespace
}  // namespace prepull
