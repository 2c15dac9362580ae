#include "prepull/progress/download_dropper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DownloadNamedByTest, ReadsTheNameOutOfAFailedCommit) {
  EXPECT_EQ(
      DownloadNamedBy(absl::FailedPreconditionError(
          "failed to pull and unpack image \"quay.io/a:1\": failed commit on "
          "ref \"layer-sha256:11\": \"layer-sha256:11\" failed size "
          "validation: 6 != 5: failed precondition")),
      "layer-sha256:11");
}

TEST(DownloadNamedByTest, KnowsNoneWhereNoneIsNamed) {
  EXPECT_EQ(DownloadNamedBy(absl::UnknownError(
                "failed to pull and unpack image \"quay.io/a:1\": failed to "
                "read expected number of bytes: unexpected EOF")),
            "");
}

TEST(PickShortAnswersTest, TakesTheImagesOwn) {
  const std::vector<OpenDownload> listed = {
      {"sha256:11", 47, "layer-sha256:11"},
      {"sha256:22", 47, "layer-sha256:22"},
      {"sha256:33", 0, "layer-sha256:33"},
      {"sha256:44", 1 << 20, "layer-sha256:44"},
      {"sha256:55", (1 << 20) - 1, "config-sha256:55"},
      {"sha256:66", 3 << 20, "layer-sha256:66"}};

  const ShortAnswers found = PickShortAnswers(
      listed, {.blobs = {"sha256:11", "sha256:33", "sha256:44", "sha256:55"}});

  EXPECT_THAT(found.pages, ElementsAre("layer-sha256:11", "config-sha256:55"));
  EXPECT_THAT(found.suspects, ElementsAre("layer-sha256:44"));
}

TEST(PickShortAnswersTest, TakesWhatTheAttemptDidNotWriteForGood) {
  const std::vector<OpenDownload> listed = {
      {"sha256:11", 3 << 20, "layer-sha256:11"},
      {"sha256:22", 3 << 20, "layer-sha256:22"}};

  const ShortAnswers found = PickShortAnswers(
      listed,
      {.blobs = {"sha256:11", "sha256:22"},
       .may_have_grown = [](const auto& it) { return it == "sha256:22"; }});

  EXPECT_THAT(found.pages, IsEmpty());
  EXPECT_THAT(found.suspects, ElementsAre("layer-sha256:22"));
}

TEST(PickShortAnswersTest, TakesAnyOfAnImageWithoutAManifest) {
  const ShortAnswers found =
      PickShortAnswers({{"sha256:11", 47, "manifest-sha256:11"},
                        {"sha256:22", 5 << 20, "layer-sha256:22"}},
                       {});

  EXPECT_THAT(found.pages, ElementsAre("manifest-sha256:11"));
  EXPECT_THAT(found.suspects, ElementsAre("layer-sha256:22"));
}

}  // namespace
}  // namespace prepull
