// The fake keeps the contract of ContainerRuntime, or tests that use it would
// prove nothing.
#include "test/support/fake_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::Eq;
using ::testing::Optional;

class FakeRuntimeTest : public testing::Test {
 protected:
  absl::Duration Elapsed() const { return clock_.Now() - start_; }

  FakeClock clock_;
  FakeRuntime runtime_{clock_};
  const Instant start_ = clock_.Now();
  std::stop_source stop_;
};

TEST_F(FakeRuntimeTest, AnAnswerTakesItsTime) {
  runtime_.AnswerIn({.version = absl::Seconds(2)});

  EXPECT_THAT(runtime_.Version(absl::Seconds(3), stop_.get_token()), IsOk());
  EXPECT_EQ(Elapsed(), absl::Seconds(2));
}

TEST_F(FakeRuntimeTest, ACallEndsAtItsTimeout) {
  runtime_.AnswerIn({.version = absl::InfiniteDuration()});

  EXPECT_THAT(runtime_.Version(absl::Seconds(3), stop_.get_token()),
              StatusIs(Code::kDeadlineExceeded));
  EXPECT_EQ(Elapsed(), absl::Seconds(3));
}

TEST_F(FakeRuntimeTest, NoTimeIsTooLittle) {
  EXPECT_THAT(runtime_.ImageFileSystems(absl::ZeroDuration(), {}),
              StatusIs(Code::kDeadlineExceeded));
  EXPECT_THAT(runtime_.ImageFileSystems(-absl::Seconds(1), {}),
              StatusIs(Code::kDeadlineExceeded));
}

TEST_F(FakeRuntimeTest, AStopEndsACall) {
  runtime_.AnswerIn({.image_file_systems = absl::Seconds(9)});
  clock_.After(absl::Seconds(1), [this] { stop_.request_stop(); });

  EXPECT_THAT(runtime_.ImageFileSystems(absl::Seconds(10), stop_.get_token()),
              StatusIs(Code::kCancelled));
  EXPECT_EQ(Elapsed(), absl::Seconds(1));
}

TEST_F(FakeRuntimeTest, ARuntimeThatGoesAwayEndsItsCalls) {
  runtime_.AnswerIn({.version = absl::Seconds(9)});
  clock_.After(absl::Seconds(1), [this] { runtime_.GoAway(); });

  EXPECT_THAT(runtime_.Version(absl::Seconds(10), stop_.get_token()),
              StatusIs(Code::kUnavailable));
  EXPECT_EQ(Elapsed(), absl::Seconds(1));
}

TEST_F(FakeRuntimeTest, NoCallbackComesFromWithinACall) {
  std::optional<Code> listed;
  std::optional<Code> pulled;
  std::optional<Code> removed;

  runtime_.ListImages(
      [&](const auto& images) { listed = images.status().code(); });
  const auto pull = runtime_.StartPull({"quay.io/a:1"}, [&](const auto& name) {
    pulled = name.status().code();
  });
  const auto removal = runtime_.RemoveImage(
      "sha256:1", [&](const absl::Status& done) { removed = done.code(); });
  pull->Cancel();
  removal->Cancel();
  EXPECT_EQ(listed, std::nullopt);
  EXPECT_EQ(pulled, std::nullopt);
  EXPECT_EQ(removed, std::nullopt);
  clock_.Advance(absl::ZeroDuration());

  EXPECT_THAT(listed, Optional(Eq(Code::kOk)));
  EXPECT_THAT(pulled, Optional(Eq(Code::kCancelled)));
  EXPECT_THAT(removed, Optional(Eq(Code::kCancelled)));
}

TEST_F(FakeRuntimeTest, ACallbackComesOnce) {
  int calls = 0;

  const auto list = runtime_.ListImages([&](const auto&) { ++calls; });
  clock_.Advance(absl::Seconds(1));
  list->Cancel();
  runtime_.GoAway();
  clock_.Advance(absl::Seconds(1));

  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace prepull
