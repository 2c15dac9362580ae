// A runtime that takes its time to answer is no lost one, and nothing that
// the engine asks of it holds up the deadline, a stop or the reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "test/pull/engine_fixture.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

// From then on ListImages takes this long.
class EngineSlowRuntimeTest : public EngineTest {
 protected:
  void ListImagesIn(absl::Duration latency) {
    runtime_.AnswerIn({.list_images = latency});
  }
  void ListImagesIn(absl::Duration latency, absl::Duration after) {
    clock_.After(after, [this, latency] { ListImagesIn(latency); });
  }
};

TEST_F(EngineSlowRuntimeTest, AListThatIsSlowNearTheDeadlineEndsNoSuccess) {
  overall_timeout_ = absl::Seconds(30);
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(29)}});
  ListImagesIn(absl::Seconds(4), /*after=*/absl::Seconds(20));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(run_.phase(), Phase::kSucceeded);
  EXPECT_EQ(image(0).state, ImageState::kPulled);
}

TEST_F(EngineSlowRuntimeTest, APullThatEndsAtTheDeadlineIsStillLookedAfter) {
  overall_timeout_ = absl::Seconds(30);
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(29.9)}});
  ListImagesIn(absl::Milliseconds(500), /*after=*/absl::Seconds(20));
  clock_.After(absl::Seconds(30), [this] { runtime_.Remove("quay.io/a:1"); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_THAT(image(0).message, HasSubstr("gone at the end"));
  EXPECT_EQ(Elapsed(), absl::Seconds(30.4));
}

TEST_F(EngineSlowRuntimeTest, TheLastLookEndsSoonAfterTheDeadline) {
  overall_timeout_ = absl::Seconds(30);
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(30)}});
  ListImagesIn(absl::InfiniteDuration(), /*after=*/absl::Seconds(20));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(30.7));
}

TEST_F(EngineSlowRuntimeTest, ARuntimeThatHangsAfterThePullsIsNoRuntime) {
  overall_timeout_ = absl::Minutes(2);
  ListImagesIn(absl::InfiniteDuration(), /*after=*/absl::Milliseconds(500));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNoRuntime);
  EXPECT_THAT(run_.message(), HasSubstr("list images: no answer within"));
  EXPECT_EQ(Elapsed(), absl::Minutes(2));
}

TEST_F(EngineSlowRuntimeTest, ARuntimeThatIsGoneAfterThePullsIsNoRuntime) {
  overall_timeout_ = absl::Minutes(2);
  ListImagesIn(absl::Seconds(1), /*after=*/absl::Milliseconds(500));
  clock_.After(absl::Milliseconds(1500), [this] { runtime_.GoAway(); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNoRuntime);
  EXPECT_EQ(image(0).state, ImageState::kPulled);
}

TEST_F(EngineSlowRuntimeTest, AStopInTheLastLookDoesNotUndoTheSuccess) {
  ListImagesIn(absl::Seconds(20), /*after=*/absl::Milliseconds(500));
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(5.7));
}

TEST_F(EngineSlowRuntimeTest, TheFirstLookMayTakeItsTime) {
  ListImagesIn(absl::Seconds(25));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(25 + 1 + 25));
}

TEST_F(EngineSlowRuntimeTest, AFirstLookWithLittleTimeSaysNothingOfTheRuntime) {
  overall_timeout_ = absl::Seconds(10);
  ListImagesIn(absl::Seconds(12));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(run_.phase(), Phase::kTimedOut);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kTimeout);
  EXPECT_EQ(Elapsed(), absl::Seconds(10));
}

TEST_F(EngineSlowRuntimeTest, ARuntimeThatHangsFromTheStartIsNoRuntime) {
  overall_timeout_ = absl::Seconds(31);
  ListImagesIn(absl::InfiniteDuration());

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNoRuntime);
  EXPECT_EQ(image(0).reason, Reason::kRuntimeUnavailable);
}

TEST_F(EngineSlowRuntimeTest, AStopEndsTheFirstLookAtOnce) {
  ListImagesIn(absl::Seconds(25));
  StopAfter(absl::Seconds(3));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(run_.phase(), Phase::kInterrupted);
  EXPECT_EQ(Elapsed(), absl::Seconds(3));
}

// Or the status file would look like that of a dead run.
TEST_F(EngineSlowRuntimeTest, ObserversAreCalledWhileTheRuntimeLists) {
  witness_.wants_to_be_called = absl::Seconds(10);
  ListImagesIn(absl::Seconds(29));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_LE(witness_.longest_rest, absl::Seconds(10));
}

// Or the log would be silent, and nobody could tell what the run waits for.
TEST_F(EngineSlowRuntimeTest, ObserversAreCalledWhileADeadRuntimeIsAwaited) {
  witness_.wants_to_be_called = absl::Seconds(30);
  runtime_.GoAway();
  clock_.After(absl::Minutes(4), [this] { runtime_.ComeBack(); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_GE(Elapsed(), absl::Minutes(4));
  EXPECT_LE(witness_.longest_rest, absl::Seconds(30));
}

}  // namespace
}  // namespace prepull
