#include "prepull/report/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/runs.h"

namespace prepull {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

ImageOutcome Pulled() {
  return {.image = "quay.io/team/app:1.2",
          .state = ImageState::kPulled,
          .attempts = 1,
          .took = absl::Seconds(38),
          .bytes_done = 412003117,
          .bytes_total = 412003117};
}

ImageOutcome Failed() {
  return {.image = "quay.io/team/gone:1",
          .state = ImageState::kFailed,
          .attempts = 1,
          .took = absl::Milliseconds(210),
          .reason = Reason::kNotFound,
          .message = "manifest unknown"};
}

TEST(EndLineTest, SaysHowMuchWasPulledAndHowLongItTook) {
  EXPECT_EQ(EndLine(Pulled(), 24),
            "pulled   quay.io/team/app:1.2      412MB in 38s");
}

TEST(EndLineTest, TakesTheSizeOfTheImageIfNobodyCountedBytes) {
  ImageOutcome image = Pulled();
  image.bytes_total.reset();
  image.size_bytes = 1200000000;

  EXPECT_THAT(EndLine(image, 0), EndsWith("  1.2GB in 38s"));
}

TEST(EndLineTest, InventsNoSize) {
  ImageOutcome image = Pulled();
  image.bytes_total.reset();

  EXPECT_EQ(EndLine(image, 0), "pulled   quay.io/team/app:1.2  in 38s");
}

TEST(EndLineTest, CallsASkippedImagePresent) {
  EXPECT_EQ(EndLine({.image = "a:1", .state = ImageState::kSkipped}, 10),
            "present  a:1");
}

TEST(EndLineTest, SaysWhyAnImageFailedAndThatItWasNotTriedAgain) {
  EXPECT_EQ(EndLine(Failed(), 0),
            "failed   quay.io/team/gone:1  NotFound: manifest unknown (not "
            "retried)");
}

TEST(EndLineTest, SaysHowOftenAnImageWasTried) {
  ImageOutcome image = Failed();
  image.attempts = 7;

  EXPECT_THAT(EndLine(image, 0), EndsWith("manifest unknown (7 attempts)"));
}

TEST(EndLineTest, SpeaksOfNoAttemptWhereNoneWasMade) {
  ImageOutcome image = Failed();
  image.attempts = 0;
  image.reason = Reason::kInvalidReference;
  image.message = "images.txt:7: image reference is empty";

  EXPECT_THAT(EndLine(image, 0),
              EndsWith("InvalidReference: images.txt:7: image reference is "
                       "empty"));
}

TEST(EndLineTest, AStoppedImageWasCutShortNotGivenUp) {
  EXPECT_EQ(EndLine({.image = "a:1",
                     .state = ImageState::kStopped,
                     .attempts = 1,
                     .reason = Reason::kInterrupted,
                     .message = "interrupted"},
                    0),
            "stopped  a:1  Interrupted: interrupted (1 attempt)");
}

TEST(EndLineTest, EndsWithTheReasonWhereNothingMoreIsKnown) {
  EXPECT_EQ(EndLine({.image = "a:1",
                     .state = ImageState::kStopped,
                     .reason = Reason::kRuntimeUnavailable},
                    0),
            "stopped  a:1  RuntimeUnavailable");
}

TEST(EndLineTest, NeverCutsAName) {
  EXPECT_THAT(EndLine(Pulled(), 3), HasSubstr("quay.io/team/app:1.2"));
}

TEST(ImageColumnTest, FitsTheLongestName) {
  EXPECT_EQ(ImageColumn(RunOf({{.image = "a:1"}, {.image = "abcde:1"}})), 7);
  EXPECT_EQ(ImageColumn(prepull::Run()), 0);
}

TEST(ImageColumnTest, IsNotDrawnApartByOneHugeName) {
  EXPECT_EQ(ImageColumn(RunOf({{.image = std::string(500, 'a')}})), 60);
}

TEST(LastLineTest, SaysHowManyImagesArePresent) {
  EXPECT_EQ(LastLine(RunWith({.pulled = 8, .skipped = 4, .failed = 1}),
                     absl::Seconds(182)),
            "12 of 13 images present; 1 failed (3m02s)");
}

TEST(LastLineTest, SaysNothingOfFailuresThatAreNone) {
  EXPECT_EQ(LastLine(RunWith({.skipped = 1}), absl::Milliseconds(200)),
            "1 of 1 image present (0.2s)");
}

TEST(LastLineTest, SaysWhatIsLeftToDo) {
  EXPECT_EQ(LastLine(RunWith({.waiting = 1, .pulling = 2, .stopped = 3}),
                     absl::Hours(1)),
            "0 of 6 images present; 3 stopped; 3 to go (1h00m)");
}

TEST(LastLineTest, SaysHowManyBytesOfARunningRunAreThere) {
  prepull::Run run = RunWith({.waiting = 9, .pulling = 1, .pulled = 3});
  run.features().byte_progress = true;
  run.UpdateBytes({.done = 1200000000, .total = 3400000000});

  EXPECT_EQ(LastLine(run, absl::Seconds(62)),
            "3 of 13 images present; 10 to go, 1.2GB of 3.4GB (1m02s)");
}

TEST(LastLineTest, SaysNothingOfBytesOnceTheRunHasEnded) {
  prepull::Run run = RunWith({.pulled = 3});
  run.features().byte_progress = true;
  run.UpdateBytes({.done = 3400000000, .total = 3400000000});

  EXPECT_EQ(LastLine(run, absl::Seconds(62)), "3 of 3 images present (1m02s)");
}

TEST(BytesTextTest, SaysWhatIsKnown) {
  prepull::Run run;
  run.UpdateBytes({.done = 1200000000, .total = 3400000000});
  EXPECT_EQ(BytesText(run), "");

  run.features().byte_progress = true;
  EXPECT_EQ(BytesText(run), "1.2GB of 3.4GB");
  run.UpdateBytes({.done = 1200000000});
  EXPECT_EQ(BytesText(run), "1.2GB");
  run.UpdateBytes({.done = 0});
  EXPECT_EQ(BytesText(run), "");
}

TEST(SummaryLineTest, SaysHowFarALivingRunIs) {
  RunRecord record = {.list_known = true,
                      .images = {{.image = "a:1", .state = ImageState::kPulled},
                                 {.image = "b:1"}},
                      .phase = Phase::kPulling};

  EXPECT_EQ(SummaryLine(prepull::Run::Restore(record), absl::Seconds(9)),
            "1 of 2 images present, pulling");
  EXPECT_EQ(SummaryLine(prepull::Run(), absl::Seconds(9)), "preparing");
}

TEST(SummaryLineTest, IsTheLastLineOfARunThatHasEnded) {
  RunRecord record = {
      .list_known = true,
      .images = {{.image = "a:1", .state = ImageState::kFailed}},
      .phase = Phase::kFailed,
      .exit_code = ExitCode::kImagesFailed};

  EXPECT_EQ(SummaryLine(prepull::Run::Restore(record), absl::Seconds(38)),
            "0 of 1 image present; 1 failed (38s)");
  record.message = "no\nspace";
  EXPECT_EQ(SummaryLine(prepull::Run::Restore(record), absl::Seconds(38)),
            "0 of 1 image present; 1 failed (38s): no space");
}

TEST(SummaryLineTest, SaysWhyThereWasNoList) {
  prepull::Run run;
  run.End({ExitCode::kBadInput, Phase::kFailed, Reason::kBadInput,
           std::string(5000, 'x')},
          absl::UnixEpoch());

  const std::string line = SummaryLine(run, absl::Seconds(1));

  EXPECT_THAT(line, testing::StartsWith("failed: xxx"));
  EXPECT_LE(line.size(), 1024u);
}

TEST(StatusTableTest, ShowsEveryImageUnderAHeader) {
  const prepull::Run run = RunOf({Pulled(), Failed(), {.image = "a:1"}});

  EXPECT_EQ(
      StatusTable(run, true),
      "IMAGE                 STATE    ATTEMPTS   SIZE  TIME  REASON    "
      "MESSAGE\n"
      "quay.io/team/app:1.2  Pulled          1  412MB   38s  -         -\n"
      "quay.io/team/gone:1   Failed          1      -  0.2s  NotFound  "
      "manifest unknown\n"
      "a:1                   Waiting         0      -     -  -         -\n");
}

TEST(StatusTableTest, ShowsHowFarAPullThatIsNotDoneHasCome) {
  const prepull::Run run =
      RunOf({{.image = "a:1",
              .state = ImageState::kPulling,
              .attempts = 1,
              .took = absl::Seconds(62),
              .bytes_done = 310000000,
              .bytes_total = 508000000},
             {.image = "b:1",
              .state = ImageState::kStopped,
              .bytes_done = 0,
              .bytes_total = 1200000000},
             {.image = "c:1", .state = ImageState::kPulling, .attempts = 1}});

  EXPECT_EQ(StatusTable(run, false),
            "a:1  Pulling  1  310MB/508MB  1m02s  -  -\n"
            "b:1  Stopped  0     0B/1.2GB      -  -  -\n"
            "c:1  Pulling  1            -   0.0s  -  -\n");
}

TEST(StatusTableTest, ShowsTheSizeThatTheRuntimeTellsOfAPresentImage) {
  EXPECT_EQ(StatusTable(RunOf({{.image = "a:1",
                                .state = ImageState::kSkipped,
                                .size_bytes = 412003117}}),
                        false),
            "a:1  Skipped  0  412MB  -  -  -\n");
}

TEST(StatusTableTest, LeavesOutTheHeaderOnRequest) {
  EXPECT_EQ(StatusTable(RunOf({{.image = "a:1"}}), false),
            "a:1  Waiting  0  -  -  -  -\n");
}

TEST(StatusTableTest, IsAHeaderOnlyWhereNoImageIs) {
  EXPECT_EQ(StatusTable(prepull::Run(), true),
            "IMAGE  STATE  ATTEMPTS  SIZE  TIME  REASON  MESSAGE\n");
  EXPECT_EQ(StatusTable(prepull::Run(), false), "");
}

}  // namespace
}  // namespace prepull
