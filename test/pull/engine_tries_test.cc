// How often the engine tries an image whose failures will not pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/engine_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kNotUsable);
  EXPECT_EQ(image(0).attempts, 3);
}

TEST_F(EngineTest, APageForAManifestIsOverWhenThePortalIs) {
  runtime_.Script("quay.io/a:1", {{Page()}, {Page()}, {Page()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineTest, APageForAManifestIsTriedForAMinuteAndNotCalledNotFound) {
  runtime_.Script("quay.io/a:1", {{Page()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).reason, Reason::kRegistryUnavailable);
  EXPECT_EQ(image(0).attempts, 7);
  EXPECT_GE(AttemptsAt("quay.io/a:1").back(), absl::Minutes(1));
}

TEST_F(EngineTest, ABackOffBeyondTheDeadlineBecomesOneLastTryBeforeIt) {
  overall_timeout_ = absl::Minutes(10);
  options_.retry.first_delay = absl::Minutes(8);
  options_.retry.max_delay = absl::Hours(1);
  runtime_.Script("quay.io/a:1", {{Refused()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(run_.phase(), Phase::kTimedOut);
  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::Seconds(0), absl::Seconds(8 * 60 + 1),
                          absl::Seconds(9 * 60 + 30)));
  EXPECT_EQ(Elapsed(), absl::Seconds(9 * 60 + 31));
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kRegistryUnavailable);
  EXPECT_THAT(image(0).message, EndsWith("; no time for another try"));
}

TEST_F(EngineTest, TheLastTryMayBeTheOneThatPulls) {
  overall_timeout_ = absl::Minutes(1);
  options_.retry.first_delay = absl::Hours(1);
  options_.retry.max_delay = absl::Hours(1);
  runtime_.Script("quay.io/a:1", {{Refused()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineTest, ARateLimitBeyondTheDeadlineEndsTheRunAtOnce) {
  options_.concurrency = 1;
  runtime_.Script("quay.io/a:1", {{RateLimited("Retry-After: 3600")}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(run_.phase(), Phase::kTimedOut);
  EXPECT_EQ(Elapsed(), absl::Seconds(1));
  for (const ImageOutcome& image : run_.images()) {
    EXPECT_EQ(image.state, ImageState::kStopped);
    EXPECT_EQ(image.reason, Reason::kRateLimited);
    EXPECT_THAT(image.message,
                EndsWith("no request to quay.io for 1h00m, until after the "
                         "deadline"));
  }
  EXPECT_EQ(image(1).attempts, 0);
  EXPECT_THAT(witness_.ends, SizeIs(2));
  EXPECT_THAT(witness_.retries, IsEmpty());
}

TEST_F(EngineTest, ARateLimitBeyondTheDeadlineHoldsUpNoOtherRegistry) {
  runtime_.Script("quay.io/a:1", {{RateLimited("Retry-After: 3600")}});
  runtime_.Script("ghcr.io/b:1", {{Refused()}, {}});

  Fetch({"quay.io/a:1", "ghcr.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(1).state, ImageState::kPulled);
  EXPECT_EQ(Elapsed(), absl::Seconds(3));
}

TEST_F(EngineTest, AStartJitterLeavesTimeForPulls) {
  options_.start_jitter = absl::Hours(2);
  roll_dice_ = [] { return 0.9; };

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(AttemptsAt("quay.io/a:1"), ElementsAre(absl::Minutes(10)));
}

}  // namespace
}  // namespace prepull
