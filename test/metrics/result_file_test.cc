#include "prepull/metrics/result_file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// No file of this process grows beyond `bytes` while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes)
      : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_ = {};
  void (*handler_)(int);
};

class ResultFileTest : public testing::Test {
 protected:
  absl::StatusOr<ResultFile> Open() {
    lines_.clear();
    return ResultFile::Open(
        path(), [this](absl::string_view line) { lines_.emplace_back(line); });
  }
  std::string path() const { return folder_.Path("results"); }

  TempFolder folder_;
  std::vector<std::string> lines_;
};

TEST_F(ResultFileTest, KeepsLinesOverARestart) {
  {
    absl::StatusOr<ResultFile> file = Open();
    ASSERT_THAT(file, IsOk());
    EXPECT_THAT(lines_, IsEmpty());
    EXPECT_THAT(file->Append("{1}\n{2}\n"), IsOk());
    EXPECT_THAT(file->Append("{3}\n"), IsOk());
  }

  const absl::StatusOr<ResultFile> file = Open();

  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(lines_, ElementsAre("{1}", "{2}", "{3}"));
  EXPECT_EQ(file->contents().lines, 3);
  EXPECT_EQ(file->contents().torn_bytes, 0);
}

TEST_F(ResultFileTest, CutsOffATornLineWhereverItIsTorn) {
  const std::string whole = "{\"a\":1}\n{\"b\":22}\n{\"c\":333}\n";
  for (size_t size = 0; size <= whole.size(); ++size) {
    folder_.Write("results", whole.substr(0, size));
    const size_t kept =
        size == 0 ? 0 : whole.rfind('\n', size - 1) + 1;  // npos + 1 is 0

    {
      absl::StatusOr<ResultFile> file = Open();
      ASSERT_THAT(file, IsOk());
      EXPECT_EQ(file->contents().torn_bytes, size - kept);
      EXPECT_THAT(file->Append("{}\n"), IsOk());
    }

    EXPECT_EQ(ReadAll(path()), whole.substr(0, kept) + "{}\n");
  }
}

TEST_F(ResultFileTest, SkipsALineThatIsTooLong) {
  folder_.Write("results", absl::StrCat("{1}\n", std::string(3 << 20, 'x'),
                                        "\n{2}\n", std::string(3 << 20, 'y')));

  const absl::StatusOr<ResultFile> file = Open();

  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(lines_, ElementsAre("{1}", "", "{2}"));
  EXPECT_EQ(file->contents().torn_bytes, 3 << 20);
}

TEST_F(ResultFileTest, HasNothingOfAWriteThatDidNotFit) {
  absl::StatusOr<ResultFile> file = Open();
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(file->Append("{1}\n"), IsOk());
  {
    const FileSizeLimit full(10);

    const absl::Status written = file->Append("{22}\n{333}\n");

    EXPECT_THAT(written.message(), HasSubstr("write: file too large"));
    EXPECT_EQ(ReadAll(path()), "{1}\n");
  }

  EXPECT_THAT(file->Append("{4}\n"), IsOk());
  EXPECT_EQ(ReadAll(path()), "{1}\n{4}\n");
}

TEST_F(ResultFileTest, BelongsToOneProcess) {
  const absl::StatusOr<ResultFile> first = Open();
  ASSERT_THAT(first, IsOk());

  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(ResultFileTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_THAT(Open().status(), StatusIs(absl::StatusCode::kFailedPrecondition));

  EXPECT_THAT(ResultFile::Open(folder_.Path("none/results"), nullptr),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace prepull
