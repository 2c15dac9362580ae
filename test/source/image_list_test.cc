#include "prepull/source/image_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReadImagesTest : public ::testing::Test {
 protected:
  ReadImagesTest() {
    EXPECT_THAT(files_.WriteFileAtomically("a.txt", "quay.io/a:1\nquay.io/b:1"),
                IsOk());
    EXPECT_THAT(files_.WriteFileAtomically("bad.txt", "quay.io/Bad:1\n"),
                IsOk());
    EXPECT_THAT(files_.WriteFileAtomically("empty.txt", "# nothing\n"), IsOk());
  }

  absl::StatusOr<ImageList> Read() {
    return ReadImages(
        inputs_, {.host = host_, .files = files_, .clock = clock_, .stop = {}});
  }

  // "IMAGE ORIGIN" of each request.
  std::vector<std::string> Shown() {
    std::vector<std::string> shown;
    const absl::StatusOr<ImageList> list = Read();
    EXPECT_THAT(list, IsOk());
    if (!list.ok()) return shown;
    for (const ImageRequest& each : list->requests) {
      shown.push_back(each.reference->text() + " " + each.origin);
    }
    return shown;
  }

  FakeHost host_;
  FakeFileSystem files_;
  FakeClock clock_;
  ListInputs inputs_;
};

TEST_F(ReadImagesTest, JoinsListsInputAndArguments) {
  host_.input = "quay.io/c:1\n";
  inputs_.list_files = {"a.txt", "-"};
  inputs_.images = {"quay.io/d:1"};

  EXPECT_THAT(Shown(), ElementsAre("quay.io/a:1 a.txt:1", "quay.io/b:1 a.txt:2",
                                   "quay.io/c:1 standard input:1",
                                   "quay.io/d:1 argument 1"));
}

TEST_F(ReadImagesTest, RewritesBeforeItDropsDuplicates) {
  inputs_.list_files = {"a.txt"};
  inputs_.images = {"mirror.example/a:1"};
  inputs_.rewrites = {"quay.io=mirror.example"};

  EXPECT_THAT(Shown(), ElementsAre("mirror.example/a:1 a.txt:1",
                                   "mirror.example/b:1 a.txt:2"));
}

TEST_F(ReadImagesTest, AMalformedLineIsAFailedImageUnlessTheListIsStrict) {
  inputs_.list_files = {"bad.txt", "a.txt"};

  const auto list = Read();
  inputs_.is_strict = true;

  ASSERT_THAT(list, IsOk());
  EXPECT_THAT(list->requests[0].reference, StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(Read(),
              StatusIs(Code::kInvalidArgument, HasSubstr("bad.txt:1: ")));
}

TEST_F(ReadImagesTest, AnEmptyListIsAnError) {
  EXPECT_THAT(Read(), StatusIs(Code::kInvalidArgument,
                               "no images: give IMAGE arguments or "
                               "--image-list-file"));
  inputs_.list_files = {"empty.txt"};
  EXPECT_THAT(Read(), StatusIs(Code::kInvalidArgument,
                               "list empty.txt: holds no images"));
}

TEST_F(ReadImagesTest, NamesTheFileThatCannotBeRead) {
  inputs_.list_files = {"missing.txt"};

  EXPECT_THAT(Read(),
              StatusIs(Code::kNotFound, HasSubstr("list: missing.txt")));
}

TEST_F(ReadImagesTest, ChecksTheFlagsOfSourcesBeforeItAsksARegistry) {
  inputs_.images = {"quay.io/a:1"};
  inputs_.sources.packages = {"op"};

  EXPECT_THAT(Read(),
              StatusIs(Code::kInvalidArgument, "--package needs a --catalog"));
}

}  // namespace
}  // namespace prepull
