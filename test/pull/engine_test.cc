// What the engine does with images, registries and the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "test/pull/engine_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(EngineTest, PullsWhatIsMissingAndSkipsWhatIsThere) {
  runtime_.Store("quay.io/there:1");

  Fetch({"quay.io/there:1", "quay.io/new:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(run_.phase(), Phase::kSucceeded);
  EXPECT_EQ(image(0).state, ImageState::kSkipped);
  EXPECT_EQ(image(0).attempts, 0);
  EXPECT_EQ(image(1).state, ImageState::kPulled);
  EXPECT_EQ(image(1).attempts, 1);
  EXPECT_EQ(image(1).size_bytes, 1000);
  EXPECT_THAT(runtime_.calls(), SizeIs(1));
}

TEST_F(EngineTest, DoesNotRetryAMissingImage) {
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(run_.phase(), Phase::kFailed);
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kNotFound);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(image(1).state, ImageState::kPulled);
}

TEST_F(EngineTest, RetriesATransientErrorWithGrowingDelays) {
  runtime_.Script("quay.io/a:1", {{Refused()}, {Refused()}, {Refused()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 4);
  EXPECT_EQ(image(0).reason, Reason::kNone);
  // Each attempt takes a second; the delays are 1, 2 and 4 s.
  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::Seconds(0), absl::Seconds(2), absl::Seconds(5),
                          absl::Seconds(10)));
}

TEST_F(EngineTest, NeverRunsMoreAtOnceThanAllowedAndNeverFewerWhileWorkIsDue) {
  options_.concurrency = 4;
  std::vector<std::string> images;
  for (int i = 0; i < 100; ++i) {
    images.push_back(absl::StrCat("quay.io/a:", i));
  }

  Fetch(images);

  EXPECT_EQ(runtime_.most_at_once(), 4);
  EXPECT_EQ(Elapsed(), absl::Seconds(25));
}

TEST_F(EngineTest, AWaitingRetryHoldsNoSlot) {
  options_.concurrency = 1;
  options_.retry.first_delay = absl::Seconds(10);
  runtime_.Script("quay.io/a:1", {{Refused()}, {}});

  Fetch({"quay.io/a:1", "quay.io/b:1", "quay.io/c:1"});

  EXPECT_THAT(AttemptsAt("quay.io/b:1"), ElementsAre(absl::Seconds(1)));
  EXPECT_THAT(AttemptsAt("quay.io/c:1"), ElementsAre(absl::Seconds(2)));
  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::Seconds(0), absl::Seconds(11)));
}

TEST_F(EngineTest, CutsAnAttemptAtItsTimeoutAndDoublesTheNext) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()},
                                  {.takes = absl::InfiniteDuration()},
                                  {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  // 30 s, a delay of 1 s, 60 s, a delay of 2 s.
  EXPECT_THAT(
      AttemptsAt("quay.io/a:1"),
      ElementsAre(absl::Seconds(0), absl::Seconds(31), absl::Seconds(93)));
  EXPECT_TRUE(runtime_.calls()[0].cancelled);
}

TEST_F(EngineTest, GivesUpAfterTheMostAttempts) {
  options_.retry.max_attempts = 3;
  runtime_.Script("quay.io/a:1", {{Refused()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).attempts, 3);
  EXPECT_EQ(image(0).reason, Reason::kRegistryUnavailable);
  EXPECT_THAT(image(0).message, HasSubstr("connection refused"));
}

TEST_F(EngineTest, AnImageStillTriedAtTheDeadlineIsStoppedWithItsLastReason) {
  overall_timeout_ = absl::Seconds(20);
  runtime_.Script("quay.io/a:1", {{Refused()}});
  runtime_.Script("quay.io/slow:1", {{.takes = absl::InfiniteDuration()}});

  Fetch({"quay.io/a:1", "quay.io/slow:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(run_.phase(), Phase::kTimedOut);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kRegistryUnavailable);
  EXPECT_EQ(image(1).state, ImageState::kStopped);
  EXPECT_EQ(image(1).reason, Reason::kTimeout);
  EXPECT_EQ(image(2).state, ImageState::kPulled);
  EXPECT_EQ(Elapsed(), absl::Seconds(20));
}

TEST_F(EngineTest, FailedAndStoppedTogetherCanBeContinued) {
  overall_timeout_ = absl::Seconds(20);
  runtime_.Script("quay.io/a:1", {{Missing()}});
  runtime_.Script("quay.io/b:1", {{Refused()}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(image(0).state, ImageState::kFailed);
}

TEST_F(EngineTest, AStopEndsARunningPullAtOnce) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  options_.concurrency = 1;
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(run_.phase(), Phase::kInterrupted);
  EXPECT_EQ(Elapsed(), absl::Seconds(5));
  EXPECT_TRUE(runtime_.calls()[0].cancelled);
  EXPECT_EQ(image(0).reason, Reason::kInterrupted);
  EXPECT_EQ(image(1).state, ImageState::kStopped);
  EXPECT_EQ(image(1).attempts, 0);
}

TEST_F(EngineTest, AStopEndsEveryWaitAtOnce) {
  options_.retry.first_delay = absl::Minutes(10);
  options_.retry.max_delay = absl::Minutes(10);
  runtime_.Script("quay.io/retrying:1", {{Refused()}});
  runtime_.Script("gcr.io/limited:1", {{RateLimited()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/retrying:1", "gcr.io/limited:1"});

  EXPECT_EQ(Elapsed(), absl::Seconds(5));
}

TEST_F(EngineTest, AStopEndsTheStartJitter) {
  options_.start_jitter = absl::Hours(1);
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_LE(Elapsed(), absl::Seconds(5));
}

TEST_F(EngineTest, ARateLimitHoldsBackEveryoneWhoTalksToThatRegistry) {
  options_.concurrency = 1;
  runtime_.Script("quay.io/a:1", {{RateLimited()}, {}});

  Fetch({"quay.io/a:1", "quay.io/b:1", "ghcr.io/c:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(AttemptsAt("ghcr.io/c:1"), ElementsAre(absl::Seconds(1)));
  EXPECT_THAT(AttemptsAt("quay.io/b:1"), ElementsAre(absl::Seconds(31)));
  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::Seconds(0), absl::Seconds(32)));
}

TEST_F(EngineTest, ARateLimitDoesNotCountTowardsTheMostAttempts) {
  options_.retry.max_attempts = 1;
  runtime_.Script("quay.io/a:1", {{RateLimited()}, {RateLimited()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineTest, ARateLimitThatLastsIsStoppedAtTheDeadline) {
  runtime_.Script("quay.io/a:1", {{RateLimited()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kRateLimited);
}

TEST_F(EngineTest, AFullDiskStopsTheRunAndLetsRunningPullsEnd) {
  options_.concurrency = 2;
  runtime_.Script("quay.io/a:1", {{DiskFull(), absl::Seconds(1)}});
  runtime_.Script("quay.io/b:1", {{absl::OkStatus(), absl::Seconds(9)}});

  Fetch({"quay.io/a:1", "quay.io/b:1", "quay.io/c:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNodeNotFit);
  EXPECT_EQ(run_.phase(), Phase::kFailed);
  EXPECT_EQ(run_.reason(), Reason::kNoSpace);
  EXPECT_THAT(run_.message(), HasSubstr("no space left on device"));
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kNoSpace);
  EXPECT_EQ(image(1).state, ImageState::kPulled);
  EXPECT_EQ(image(2).state, ImageState::kStopped);
  EXPECT_EQ(image(2).reason, Reason::kNoSpace);
  EXPECT_EQ(image(2).attempts, 0);
}

}  // namespace
}  // namespace prepull
