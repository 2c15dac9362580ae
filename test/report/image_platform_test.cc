// What a run document says of the platform that an image was built for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "prepull/report/run_document.h"
#include "test/support/runs.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string DocumentOf(const std::string& platform) {
  const prepull::Run run =
      RunOf({{.image = "quay.io/a:1", .platform = platform}});
  return RunDocument(run, Instant(), absl::UnixEpoch());
}

TEST(ImagePlatformTest, IsNullWhereItIsNotKnown) {
  const std::string document = DocumentOf("");

  EXPECT_THAT(document, HasSubstr(R"(,"platform":null})"));
  ASSERT_THAT(ParseRunDocument(document), IsOk());
  EXPECT_THAT(ParseRunDocument(document)->run.images()[0].platform, IsEmpty());
}

TEST(ImagePlatformTest, IsReadBack) {
  const std::string document = DocumentOf("linux/arm64");

  EXPECT_THAT(document, HasSubstr(R"(,"platform":"linux/arm64"})"));
  ASSERT_THAT(ParseRunDocument(document), IsOk());
  EXPECT_EQ(ParseRunDocument(document)->run.images()[0].platform,
            "linux/arm64");
}

TEST(ImagePlatformTest, AWarningIsTheMessageOfAnImageThatHasNone) {
  const prepull::Run run =
      RunOf({{.image = "quay.io/a:1", .warning = "for plan9"}});

  EXPECT_THAT(RunDocument(run, Instant(), absl::UnixEpoch()),
              HasSubstr(R"("message":"for plan9")"));
}

// As older versions wrote it.
TEST(ImagePlatformTest, MayBeMissing) {
  const std::string older =
      absl::StrReplaceAll(DocumentOf(""), {{R"(,"platform":null)", ""}});

  ASSERT_THAT(ParseRunDocument(older), IsOk());
}

}  // namespace
}  // namespace prepull
