#include "prepull/pull/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_runtime.h"

namespace prepull {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::Status Refused() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to do request: "
      "Head \"https://quay.io/v2/a/manifests/1\": dial tcp 10.0.0.1:443: "
      "connect: connection refused");
}

absl::Status Missing() {
  return absl::NotFoundError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to resolve "
      "reference \"quay.io/a:1\": quay.io/a:1: not found");
}

absl::Status RateLimited() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": unexpected status from "
      "HEAD request to https://quay.io/v2/a/manifests/1: 429 Too Many "
      "Requests");
}

absl::Status DiskFull() {
  return absl::UnknownError(
      "failed to extract layer sha256:11: mount callback failed on /tmp/x: "
      "write /tmp/x/y: no space left on device: unknown");
}

// Sees each image's end, as a reader of the report would.
class Witness : public RunObserver {
 public:
  void OnEnded(const Run&, const ImageOutcome& image) override {
    ends.push_back(absl::StrCat(StateName(image.state), " ", image.image));
  }
  std::vector<std::string> ends;
};

class EngineTest : public testing::Test {
 protected:
  // Runs a fetch of `images` to its end.
  void Fetch(const std::vector<std::string>& images) {
    std::vector<ImageRequest> requests;
    for (const std::string& image : images) {
      requests.push_back({image, "images.txt:1", Reference::Parse(image)});
    }
    run_.start = clock_.Now();
    run_.overall_timeout = overall_timeout_;
    TakeList(requests, run_);
    FetchImages(requests, options_,
                {.runtime = runtime_,
                 .clock = clock_,
                 .roll_dice = [] { return 0.0; },
                 .observer = witness_},
                stop_.get_token(), run_);
  }

  void StopAfter(absl::Duration d) {
    clock_.After(d, [this] { stop_.request_stop(); });
  }

  // When the attempts at `image` began, since the start of the run.
  std::vector<absl::Duration> AttemptsAt(const std::string& image) {
    std::vector<absl::Duration> starts;
    for (const FakeRuntime::Call& call : runtime_.CallsFor(image)) {
      starts.push_back(call.started - run_.start);
    }
    return starts;
  }

  absl::Duration Elapsed() const { return clock_.Now() - run_.start; }

  const ImageOutcome& image(size_t i) const { return run_.images[i]; }

  FakeClock clock_;
  FakeRuntime runtime_{clock_};
  Witness witness_;
  PullOptions options_;
  absl::Duration overall_timeout_ = absl::Minutes(20);
  std::stop_source stop_;
  prepull::Run run_;
};

TEST_F(EngineTest, PullsWhatIsMissingAndSkipsWhatIsThere) {
  runtime_.Store("quay.io/there:1");

  Fetch({"quay.io/there:1", "quay.io/new:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_EQ(run_.phase, Phase::kSucceeded);
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

  EXPECT_EQ(run_.exit_code, ExitCode::kImagesFailed);
  EXPECT_EQ(run_.phase, Phase::kFailed);
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kNotFound);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(image(1).state, ImageState::kPulled);
}

TEST_F(EngineTest, RetriesATransientErrorWithGrowingDelays) {
  runtime_.Script("quay.io/a:1", {{Refused()}, {Refused()}, {Refused()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
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

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
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

  EXPECT_EQ(run_.exit_code, ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).attempts, 3);
  EXPECT_EQ(image(0).reason, Reason::kRegistryUnavailable);
  EXPECT_THAT(image(0).message, HasSubstr("connection refused"));
}

TEST_F(EngineTest, AnImageStillTriedAtTheDeadlineIsStoppedWithItsLastReason) {
  overall_timeout_ = absl::Seconds(20);
  runtime_.Script("quay.io/a:1", {{Refused()}});
  runtime_.Script("quay.io/slow:1", {{.takes = absl::InfiniteDuration()}});

  Fetch({"quay.io/a:1", "quay.io/slow:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kStopped);
  EXPECT_EQ(run_.phase, Phase::kTimedOut);
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

  EXPECT_EQ(run_.exit_code, ExitCode::kStopped);
  EXPECT_EQ(image(0).state, ImageState::kFailed);
}

TEST_F(EngineTest, AStopEndsARunningPullAtOnce) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  options_.concurrency = 1;
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kStopped);
  EXPECT_EQ(run_.phase, Phase::kInterrupted);
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

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_THAT(AttemptsAt("ghcr.io/c:1"), ElementsAre(absl::Seconds(1)));
  EXPECT_THAT(AttemptsAt("quay.io/b:1"), ElementsAre(absl::Seconds(31)));
  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::Seconds(0), absl::Seconds(32)));
}

TEST_F(EngineTest, ARateLimitDoesNotCountTowardsTheMostAttempts) {
  options_.retry.max_attempts = 1;
  runtime_.Script("quay.io/a:1", {{RateLimited()}, {RateLimited()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
}

TEST_F(EngineTest, ARateLimitThatLastsIsStoppedAtTheDeadline) {
  runtime_.Script("quay.io/a:1", {{RateLimited()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kStopped);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kRateLimited);
}

TEST_F(EngineTest, AFullDiskStopsTheRunAndLetsRunningPullsEnd) {
  options_.concurrency = 2;
  runtime_.Script("quay.io/a:1", {{DiskFull(), absl::Seconds(1)}});
  runtime_.Script("quay.io/b:1", {{absl::OkStatus(), absl::Seconds(9)}});

  Fetch({"quay.io/a:1", "quay.io/b:1", "quay.io/c:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kNodeNotFit);
  EXPECT_EQ(run_.phase, Phase::kFailed);
  EXPECT_EQ(run_.reason, Reason::kNoSpace);
  EXPECT_THAT(run_.message, HasSubstr("no space left on device"));
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kNoSpace);
  EXPECT_EQ(image(1).state, ImageState::kPulled);
  EXPECT_EQ(image(2).state, ImageState::kStopped);
  EXPECT_EQ(image(2).reason, Reason::kNoSpace);
  EXPECT_EQ(image(2).attempts, 0);
}

TEST_F(EngineTest, WaitsForARuntimeThatRestarts) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(10)}});
  clock_.After(absl::Seconds(5), [this] { runtime_.GoAway(); });
  clock_.After(absl::Minutes(3), [this] { runtime_.ComeBack(); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(AttemptsAt("quay.io/a:1"),
              ElementsAre(absl::Seconds(0), absl::Minutes(3)));
}

TEST_F(EngineTest, ARuntimeThatStaysAwayEndsTheRunAtTheDeadline) {
  overall_timeout_ = absl::Minutes(2);
  runtime_.Script("quay.io/a:1", {{.takes = absl::Seconds(10)}});
  clock_.After(absl::Seconds(5), [this] { runtime_.GoAway(); });

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kNoRuntime);
  EXPECT_EQ(run_.phase, Phase::kFailed);
  EXPECT_EQ(run_.reason, Reason::kRuntimeUnavailable);
  EXPECT_EQ(Elapsed(), absl::Minutes(2));
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kRuntimeUnavailable);
}

TEST_F(EngineTest, WaitsForARuntimeThatIsStillStarting) {
  runtime_.FailListImages(
      {absl::UnknownError("server is not initialized yet"), SocketGone()});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
}

TEST_F(EngineTest, ARuntimeThatCannotListItsImagesIsNoRuntime) {
  runtime_.FailListImages(
      {absl::UnimplementedError("unknown service runtime.v1.ImageService")});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kNoRuntime);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_THAT(runtime_.calls(), IsEmpty());
}

TEST_F(EngineTest, AnImageRemovedBehindOurBackIsAFailure) {
  runtime_.Script("quay.io/slow:1", {{.takes = absl::Seconds(20)}});
  clock_.After(absl::Seconds(10), [this] { runtime_.Remove("quay.io/a:1"); });

  Fetch({"quay.io/a:1", "quay.io/slow:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kImagesFailed);
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

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_EQ(image(0).state, ImageState::kSkipped);
}

TEST_F(EngineTest, WithPolicyAlwaysPresenceRescuesNothing) {
  options_.policy = PullPolicy::kAlways;
  runtime_.Store("quay.io/a:1");
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kImagesFailed);
}

TEST_F(EngineTest, AFailedUnpackIsNotRescuedByBeingListed) {
  runtime_.Script(
      "quay.io/a:1",
      {{absl::UnknownError("failed to unpack image on snapshotter overlayfs: "
                           "mismatched image rootfs and manifest layers")}});
  clock_.After(absl::Milliseconds(500),
               [this] { runtime_.Store("quay.io/a:1"); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).reason, Reason::kNotUsable);
}

TEST_F(EngineTest, AJumpOfTheWallClockChangesNothing) {
  runtime_.Script("quay.io/a:1", {{Refused()}, {}});
  clock_.After(absl::Milliseconds(1500),
               [this] { clock_.JumpWallClock(absl::Hours(24 * 365)); });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(3));
}

TEST_F(EngineTest, CountsAreInStepWithTheImages) {
  overall_timeout_ = absl::Seconds(10);
  runtime_.Store("quay.io/there:1");
  runtime_.Script("quay.io/gone:1", {{Missing()}});
  runtime_.Script("quay.io/down:1", {{Refused()}});

  Fetch({"quay.io/there:1", "quay.io/gone:1", "quay.io/down:1", "quay.io/ok:1",
         "quay.io/BAD"});

  EXPECT_EQ(run_.counts.skipped, 1);
  EXPECT_EQ(run_.counts.failed, 2);
  EXPECT_EQ(run_.counts.stopped, 1);
  EXPECT_EQ(run_.counts.pulled, 1);
  EXPECT_EQ(run_.counts.waiting, 0);
  EXPECT_EQ(run_.counts.pulling, 0);
}

TEST_F(EngineTest, TenThousandImagesOfOneListAllEnd) {
  std::vector<std::string> images;
  for (int i = 0; i < 10000; ++i) {
    images.push_back(absl::StrCat("r", i % 7, ".example/a:", i));
  }

  Fetch(images);

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(1000));
}

}  // namespace
}  // namespace prepull
