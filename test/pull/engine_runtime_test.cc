// What the engine does when the runtime goes away, and what it believes of the
// node in the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "test/pull/engine_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(EngineTest, WaitsForARuntimeThatRestarts) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(10)}});
  clock_.After(absl::Seconds(5), [this] { runtime_.GoAway(); });
  clock_.After(absl::Minutes(3), [this] { runtime_.ComeBack(); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::Seconds(0), absl::Minutes(3)));
}

TEST_F(EngineTest, ARuntimeThatStaysAwayEndsTheRunAtTheDeadline) {
  overall_timeout_ = absl::Minutes(2);
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(10)}});
  clock_.After(absl::Seconds(5), [this] { runtime_.GoAway(); });

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNoRuntime);
  EXPECT_EQ(run_.phase(), Phase::kFailed);
  EXPECT_EQ(run_.reason(), Reason::kRuntimeUnavailable);
  EXPECT_EQ(Elapsed(), absl::Minutes(2));
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kRuntimeUnavailable);
}

TEST_F(EngineTest, WaitsForARuntimeThatIsStillStarting) {
  runtime_.FailListImages(
      {absl::UnknownError("server is not initialized yet"), SocketGone()});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineTest, ARuntimeThatCannotListItsImagesIsNoRuntime) {
  runtime_.FailListImages(
      {absl::UnimplementedError("unknown service runtime.v1.ImageService")});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNoRuntime);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_THAT(runtime_.calls(), IsEmpty());
}

TEST_F(EngineTest, AnImageRemovedBehindOurBackIsAFailure) {
  runtime_.Script("quay.io/slow:1", {{.takes = absl::Seconds(20)}});
  clock_.After(absl::Seconds(10), [this] { runtime_.Remove("quay.io/a:1"); });

  Fetch({"quay.io/a:1", "quay.io/slow:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_THAT(image(0).message, HasSubstr("removed"));
  EXPECT_THAT(witness_.ends,
              ElementsAre("Pulled quay.io/a:1", "Pulled quay.io/slow:1",
                          "Failed quay.io/a:1"));
}

TEST_F(EngineTest, AFailedImageThatOthersBroughtCountsAsPresent) {
  runtime_.Script("quay.io/a:1", {{Missing()}});
  runtime_.Script("quay.io/slow:1", {{.takes = absl::Seconds(20)}});
  clock_.After(absl::Seconds(10), [this] { runtime_.Store("quay.io/a:1"); });

  Fetch({"quay.io/a:1", "quay.io/slow:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).state, ImageState::kSkipped);
}

TEST_F(EngineTest, WithPolicyAlwaysPresenceRescuesNothing) {
  options_.policy = PullPolicy::kAlways;
  runtime_.Store("quay.io/a:1");
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
}

TEST_F(EngineTest, AFailedUnpackIsNotRescuedByBeingListed) {
  runtime_.Script(
      "quay.io/a:1",
      {{absl::UnknownError("failed to unpack image on snapshotter overlayfs: "
                           "mismatched image rootfs and manifest layers")}});
  clock_.After(absl::Milliseconds(500),
               [this] { runtime_.Store("quay.io/a:1"); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).reason, Reason::kNotUsable);
}

TEST_F(EngineTest, AJumpOfTheWallClockChangesNothing) {
  runtime_.Script("quay.io/a:1", {{Refused()}, {}});
  clock_.After(absl::Milliseconds(1500),
               [this] { clock_.JumpWallClock(absl::Hours(24 * 365)); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(3));
}

TEST_F(EngineTest, CountsAreInStepWithTheImages) {
  overall_timeout_ = absl::Seconds(10);
  runtime_.Store("quay.io/there:1");
  runtime_.Script("quay.io/gone:1", {{Missing()}});
  runtime_.Script("quay.io/down:1", {{Refused()}});

  Fetch({"quay.io/there:1", "quay.io/gone:1", "quay.io/down:1", "quay.io/ok:1",
         "quay.io/BAD"});

  EXPECT_EQ(run_.counts().skipped, 1);
  EXPECT_EQ(run_.counts().failed, 2);
  EXPECT_EQ(run_.counts().stopped, 1);
  EXPECT_EQ(run_.counts().pulled, 1);
  EXPECT_EQ(run_.counts().waiting, 0);
  EXPECT_EQ(run_.counts().pulling, 0);
}

TEST_F(EngineTest, TenThousandImagesOfOneListAllEnd) {
  std::vector<std::string> images;
  for (int i = 0; i < 10000; ++i) {
    images.push_back(absl::StrCat("r", i % 7, ".example/a:", i));
  }

  Fetch(images);

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(1000));
}

}  // namespace
}  // namespace prepull
