#include "prepull/base/temporary_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(TemporaryFileTest, IsOursAloneAndHasANameThatNobodyGuesses) {
  TempFolder folder;

  auto one = TemporaryFile::Create({folder.Path("")});
  auto other = TemporaryFile::Create({folder.Path("")});

  ASSERT_THAT(one, IsOk());
  ASSERT_THAT(other, IsOk());
  EXPECT_NE(one->path(), other->path());
  struct stat about = {};
  ASSERT_EQ(stat(one->path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST(TemporaryFileTest, HoldsWhatWasAppendedAndIsGoneAtItsEnd) {
  TempFolder folder;
  std::string path;
  {
    auto file = TemporaryFile::Create({folder.Path("")});
    ASSERT_THAT(file, IsOk());
    path = file->path();
    ASSERT_THAT(file->Append("one "), IsOk());
    TemporaryFile moved = *std::move(file);
    ASSERT_THAT(moved.Append("two"), IsOk());

    std::ifstream stream(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}),
              "one two");
  }

  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryFileTest, IsInTheFirstFolderThatTakesIt) {
  TempFolder folder;

  auto file = TemporaryFile::Create({folder.Path("gone"), folder.Path("")});

  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(file->path(), StartsWith(folder.Path("")));
  EXPECT_THAT(TemporaryFile::Create({folder.Path("gone")}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/gone")));
}

}  // namespace
}  // namespace prepull
