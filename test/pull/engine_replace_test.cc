// How the engine pulls anew what is on the node, and whom it forgives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/engine_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

absl::Status HalfUnpacked() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to extract "
      "layer sha256:11: mount callback failed on /x: unexpected EOF: unknown");
}

TEST_F(EngineTest, WhatAFailedUnpackLeftListedIsNotUsable) {
  options_.retry.max_attempts = 1;
  runtime_.Script("quay.io/a:1", {{HalfUnpacked()}});
  runtime_.Script("quay.io/b:1", {{HalfUnpacked()}});
  clock_.After(absl::Milliseconds(500),
               [this] { runtime_.Store("quay.io/a:1"); });

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kNotUsable);
  EXPECT_THAT(run_.not_usable(), ElementsAre("quay.io/a:1"));
}

TEST_F(EngineTest, AReasonThatWasToldIsTheReasonOfTheReport) {
  runtime_.Script("quay.io/a:1", {{HalfUnpacked()}});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(witness_.last_told[&image(0)],
              StartsWith("Failed quay.io/a:1 NotUsable: "));
  EXPECT_EQ(image(0).reason, Reason::kNotUsable);
  EXPECT_THAT(run_.not_usable(), IsEmpty());  // it left nothing behind
}

TEST_F(EngineTest, TheNextRunRemovesWhatIsNotUsableAndPullsIt) {
  runtime_.Store("quay.io/a:1");
  runtime_.Store("quay.io/b:1");
  before_.not_usable = {"quay.io/a:1", "quay.io/gone:1"};

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(runtime_.removed(), ElementsAre("sha256:id-of-quay.io/a:1"));
  EXPECT_EQ(image(0).state, ImageState::kPulled);
  EXPECT_THAT(run_.not_usable(), IsEmpty());
  EXPECT_EQ(image(1).state, ImageState::kSkipped);
  // The pull waits for the removal.
  EXPECT_EQ(AttemptsAt("quay.io/a:1")[0], absl::Milliseconds(500));
}

TEST_F(EngineTest, ImagesThatShareAnIdAreRemovedOnceAndAllPulled) {
  runtime_.Store(StoredImage{.id = "sha256:1",
                             .repo_tags = {"quay.io/a:1", "quay.io/a:latest"}});
  options_.repull_present = true;

  Fetch({"quay.io/a:1", "quay.io/a:latest"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(runtime_.removed(), ElementsAre("sha256:1"));
  EXPECT_EQ(run_.counts().pulled, 2);
}

TEST_F(EngineTest, ARemovalThatFailsIsAnAttemptThatFailed) {
  runtime_.Store("quay.io/a:1");
  options_.repull_present = true;
  runtime_.FailRemoveImage({absl::UnknownError("device busy")});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(runtime_.removed(), SizeIs(1));
  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(EngineTest, ARunThatNeverGetsToARepairLeavesWordOfIt) {
  runtime_.Store("quay.io/a:1");
  before_.not_usable = {"quay.io/a:1", "quay.io/gone:1"};
  options_.start_jitter = absl::Minutes(1);
  roll_dice_ = [] { return 0.9; };
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_THAT(runtime_.removed(), IsEmpty());
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_THAT(run_.not_usable(), ElementsAre("quay.io/a:1"));
}

TEST_F(EngineTest, AStopInARemovalLeavesNoImageBehind) {
  runtime_.Store("quay.io/a:1");
  options_.repull_present = true;
  StopAfter(absl::Milliseconds(200));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_THAT(witness_.ends, SizeIs(1));
}

TEST_F(EngineTest, ToleratesAsManyFailuresAsItWasTold) {
  options_.tolerance = {.images = 1};
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(run_.phase(), Phase::kSucceeded);
  EXPECT_TRUE(run_.tolerated());
  EXPECT_EQ(image(0).state, ImageState::kFailed);
}

TEST_F(EngineTest, ToleratesNoMoreThanThat) {
  options_.tolerance = {.images = 1};
  runtime_.Script("quay.io/a:1", {{Missing()}});
  runtime_.Script("quay.io/b:1", {{Missing()}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_FALSE(run_.tolerated());
}

TEST_F(EngineTest, ToleratesNoImageThatWasStopped) {
  options_.tolerance = {.any = true};
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
}

TEST(ToleranceTest, RoundsDown) {
  EXPECT_EQ((Tolerance{.percent = 10}.Of(19)), 1);
  EXPECT_EQ((Tolerance{.percent = 10}.Of(9)), 0);
  EXPECT_EQ((Tolerance{.percent = 100}.Of(7)), 7);
  EXPECT_EQ((Tolerance{.images = 3}.Of(2)), 3);
  EXPECT_EQ((Tolerance{.any = true}.Of(5)), 5);
}

}  // namespace
}  // namespace prepull
