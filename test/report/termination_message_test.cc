#include "prepull/report/termination_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

void AddEnded(prepull::Run& run, ImageState state, ImageOutcome image) {
  run.images.push_back(std::move(image));
  ++run.counts.waiting;
  run.Move(run.images.back(), state);
}

TEST(TerminationMessageTest, TellsTheStoryInAFewLines) {
  prepull::Run run = {.list_known = true};
  AddEnded(run, ImageState::kPulled, {.image = "quay.io/a:1"});
  AddEnded(run, ImageState::kFailed,
           {.image = "quay.io/gone:1",
            .attempts = 1,
            .reason = Reason::kNotFound,
            .message = "manifest unknown"});

  EXPECT_EQ(TerminationMessage(run, absl::Seconds(90)),
            "1 of 2 images present; 1 failed (1m30s)\n"
            "failed   quay.io/gone:1  NotFound: manifest unknown (not "
            "retried)\n");
}

TEST(TerminationMessageTest, WarnsOfImagesThatNoPodCanUse) {
  prepull::Run run = {.list_known = true};
  AddEnded(run, ImageState::kPulled,
           {.image = "quay.io/arm:1",
            .platform = "linux/arm64",
            .warning = "built for linux/arm64; this node is linux/amd64"});
  AddEnded(run, ImageState::kFailed,
           {.image = "quay.io/gone:1", .reason = Reason::kNotFound});

  EXPECT_EQ(TerminationMessage(run, absl::Seconds(1)),
            "1 of 2 images present; 1 failed (1.0s)\n"
            "failed   quay.io/gone:1  NotFound\n"
            "warning  built for linux/arm64; this node is linux/amd64: "
            "quay.io/arm:1\n");
}

TEST(TerminationMessageTest, FailuresComeBeforeWarnings) {
  prepull::Run run = {.list_known = true};
  for (int i = 0; i < 20; ++i) {
    AddEnded(run, ImageState::kPulled,
             {.image = "quay.io/arm:1", .warning = "x"});
    AddEnded(run, ImageState::kFailed, {.image = "quay.io/gone:1"});
  }

  const std::string text = TerminationMessage(run, absl::Seconds(1));

  EXPECT_THAT(text, EndsWith("and 10 more\n"));
  EXPECT_THAT(text, Not(HasSubstr("warning")));
}

TEST(TerminationMessageTest, SaysWhyARunEndedBeforeItBegan) {
  const prepull::Run run = {.message = "list images.txt: no such file"};

  EXPECT_EQ(TerminationMessage(run, absl::ZeroDuration()),
            "list images.txt: no such file\n");
}

TEST(TerminationMessageTest, StaysBelowTwoKiBWithHundredsOfLongFailures) {
  prepull::Run run = {.list_known = true, .message = std::string(4000, 'x')};
  for (int i = 0; i < 50'000; ++i) {
    AddEnded(run, i % 2 == 0 ? ImageState::kFailed : ImageState::kStopped,
             {.image = absl::StrCat("quay.io/", std::string(200, 'a'), ":", i),
              .attempts = 3,
              .reason = Reason::kTimeout,
              .message = std::string(1000, 'm')});
  }

  const std::string text = TerminationMessage(run, absl::Hours(90));

  EXPECT_LE(text.size(), 2048);
  EXPECT_THAT(text, EndsWith("and 49990 more\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 13);
}

}  // namespace
}  // namespace prepull
