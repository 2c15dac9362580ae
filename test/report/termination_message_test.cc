#include "prepull/report/termination_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/runs.h"

namespace prepull {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// What stands before the machine line.
std::string TextOf(const prepull::Run& run, absl::Duration took) {
  const std::string message = TerminationMessage(run, took);
  EXPECT_THAT(message, EndsWith("}\n"));
  return message.substr(0, message.find("{\"prepull\":1,"));
}

TEST(TerminationMessageTest, TellsTheStoryInAFewLines) {
  const prepull::Run run =
      RunOf({{.image = "quay.io/a:1", .state = ImageState::kPulled},
             {.image = "quay.io/gone:1",
              .state = ImageState::kFailed,
              .attempts = 1,
              .reason = Reason::kNotFound,
              .message = "manifest unknown"}});

  EXPECT_EQ(TextOf(run, absl::Seconds(90)),
            "1 of 2 images present; 1 failed (1m30s)\n"
            "failed   quay.io/gone:1  NotFound: manifest unknown (not "
            "retried)\n");
}

TEST(TerminationMessageTest, WarnsOfImagesThatNoPodCanUse) {
  const prepull::Run run =
      RunOf({{.image = "quay.io/arm:1",
              .state = ImageState::kPulled,
              .platform = "linux/arm64",
              .warning = "built for linux/arm64; this node is linux/amd64"},
             {.image = "quay.io/gone:1",
              .state = ImageState::kFailed,
              .reason = Reason::kNotFound}});

  EXPECT_EQ(TextOf(run, absl::Seconds(1)),
            "1 of 2 images present; 1 failed (1.0s)\n"
            "failed   quay.io/gone:1  NotFound\n"
            "warning  built for linux/arm64; this node is linux/amd64: "
            "quay.io/arm:1\n");
}

TEST(TerminationMessageTest, FailuresComeBeforeWarnings) {
  std::vector<ImageOutcome> images;
  for (int i = 0; i < 20; ++i) {
    images.push_back({.image = "quay.io/arm:1",
                      .state = ImageState::kPulled,
                      .warning = "x"});
    images.push_back({.image = "quay.io/gone:1", .state = ImageState::kFailed});
  }
  const prepull::Run run = RunOf(std::move(images));

  const std::string text = TextOf(run, absl::Seconds(1));

  EXPECT_THAT(text, EndsWith("and 10 more\n"));
  EXPECT_THAT(text, Not(HasSubstr("warning")));
}

TEST(TerminationMessageTest, SaysWhyARunEndedBeforeItBegan) {
  prepull::Run run;
  run.End({.code = ExitCode::kBadInput,
           .phase = Phase::kFailed,
           .reason = Reason::kBadInput,
           .message = "list images.txt: no such file"},
          absl::UnixEpoch());

  EXPECT_EQ(TextOf(run, absl::ZeroDuration()),
            "list images.txt: no such file\n");
}

TEST(TerminationMessageTest, StaysSmallWithThousandsOfLongFailures) {
  std::vector<ImageOutcome> images;
  for (int i = 0; i < 50'000; ++i) {
    images.push_back(
        {.image = absl::StrCat("quay.io/", std::string(200, 'a'), ":", i),
         .state = i % 2 == 0 ? ImageState::kFailed : ImageState::kStopped,
         .attempts = 3,
         .reason = Reason::kTimeout,
         .message = std::string(1000, 'm')});
  }
  prepull::Run run = RunOf(std::move(images));
  run.End({.code = ExitCode::kNodeNotFit,
           .phase = Phase::kFailed,
           .message = std::string(4000, 'x')},
          absl::UnixEpoch());

  const std::string text = TextOf(run, absl::Hours(90));

  EXPECT_LE(text.size(), 1000);
  EXPECT_THAT(text, EndsWith("and 49996 more\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
}

}  // namespace
}  // namespace prepull
