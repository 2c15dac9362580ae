// How often the engine tries an image whose failures will not pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/engine_fixture.h"

namespace prepull {
namespace {

absl::Status WrongDiffId() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": wrong diff id "
      "calculated on extraction \"sha256:11\"");
}

absl::Status Page() {
  return absl::NotFoundError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to copy: "
      "httpReadSeeker: failed open: could not fetch content descriptor "
      "sha256:11 (text/html) from remote: not found");
}

TEST_F(EngineTest, AnImageThatNeverUnpacksFailsAfterThreeTries) {
  runtime_.Script("quay.io/a:1", {{WrongDiffId()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kNotUsable);
  EXPECT_EQ(image(0).attempts, 3);
}

TEST_F(EngineTest, APageForAManifestIsOverWhenThePortalIs) {
  runtime_.Script("quay.io/a:1", {{Page()}, {Page()}, {Page()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
}

TEST_F(EngineTest, APageForAManifestIsTriedForAMinuteAndNotCalledNotFound) {
  runtime_.Script("quay.io/a:1", {{Page()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).reason, Reason::kRegistryUnavailable);
  EXPECT_EQ(image(0).attempts, 7);
  EXPECT_GE(AttemptsAt("quay.io/a:1").back(), absl::Minutes(1));
}

}  // namespace
}  // namespace prepull
