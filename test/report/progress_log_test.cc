#include "prepull/report/progress_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "prepull/base/log.h"
#include "test/support/runs.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant kLogNow = Instant(absl::Hours(1));

class ProgressLogTest : public ::testing::Test {
 protected:
  ProgressLogTest() {
    StartLog({.level = LogLevel::kInfo,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                lines_.emplace_back(line);
              }});
  }
  ~ProgressLogTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  std::vector<std::string> TakeLines() { return std::exchange(lines_, {}); }

  prepull::Run run_ =
      RunOf({{.image = "quay.io/a:1",
              .state = ImageState::kPulling,
              .attempts = 1,
              .started_at = kLogNow},
             {.image = "quay.io/b:1",
              .state = ImageState::kPulling,
              .attempts = 1,
              .started_at = kLogNow - absl::Seconds(5)},
             {.image = "quay.io/c:1", .state = ImageState::kSkipped}});
  ProgressLog log_{{.concurrency = 10}};
  std::vector<std::string> lines_;
};

TEST_F(ProgressLogTest, TellsThePlan) {
  log_.OnPlanned(RunWith({.waiting = 9, .skipped = 4}));

  EXPECT_THAT(lines_,
              ElementsAre("plan images=13 present=4 pull=9 concurrency=10"));
}

TEST_F(ProgressLogTest, TellsEachAttempt) {
  log_.OnAttempt(run_, {.image = "quay.io/a:1", .attempts = 2});

  EXPECT_THAT(lines_, ElementsAre("pulling image=quay.io/a:1 attempt=2"));
}

TEST_F(ProgressLogTest, TellsWhyAndWhenItTriesAgain) {
  log_.OnRetry(run_,
               {.image = "quay.io/a:1",
                .attempts = 1,
                .reason = Reason::kRateLimited,
                .message = "429 too many requests"},
               absl::Seconds(34));

  EXPECT_THAT(lines_, ElementsAre("retry image=quay.io/a:1 attempt=1 "
                                  "reason=RateLimited retry_in_seconds=34.0 "
                                  "error=\"429 too many requests\""));
}

TEST_F(ProgressLogTest, TellsHowEachImageEnded) {
  log_.OnEnded(run_, {.image = "a",
                      .state = ImageState::kPulled,
                      .attempts = 1,
                      .took = absl::Milliseconds(38120),
                      .bytes_done = 412003117,
                      .bytes_total = 412003117});
  log_.OnEnded(run_, {.image = "b", .state = ImageState::kSkipped});
  log_.OnEnded(run_, {.image = "c",
                      .state = ImageState::kFailed,
                      .attempts = 1,
                      .reason = Reason::kNotFound,
                      .message = "manifest unknown"});
  log_.OnEnded(run_, {.image = "d",
                      .state = ImageState::kStopped,
                      .attempts = 2,
                      .reason = Reason::kInterrupted,
                      .message = "interrupted"});

  EXPECT_THAT(
      lines_,
      ElementsAre(
          "pulled image=a bytes_done=412003117 duration_seconds=38.1 "
          "attempts=1",
          "present image=b",
          "failed image=c reason=NotFound attempts=1 error=\"manifest "
          "unknown\"",
          "stopped image=d reason=Interrupted attempts=2 error=interrupted"));
}

TEST_F(ProgressLogTest, InventsNoBytesOfAPullThatNobodyWatched) {
  log_.OnEnded(run_, {.image = "a",
                      .state = ImageState::kPulled,
                      .attempts = 1,
                      .took = absl::Seconds(1),
                      .size_bytes = 1000});

  EXPECT_THAT(lines_,
              ElementsAre("pulled image=a duration_seconds=1.0 attempts=1"));
}

TEST_F(ProgressLogTest, DoesNotTellTwiceWhatTheResultTells) {
  ProgressLog log({.logs_ends = false});

  log.OnEnded(run_, {.image = "a", .state = ImageState::kPulled});

  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ProgressLogTest, GivesASignOfLifeAfterHalfAMinuteOfSilence) {
  log_.OnPlanned(run_);
  log_.OnTurn(run_, kLogNow);
  TakeLines();

  log_.OnTurn(run_, kLogNow + absl::Seconds(29));
  EXPECT_THAT(TakeLines(), IsEmpty());
  log_.OnTurn(run_, kLogNow + absl::Seconds(30));

  EXPECT_THAT(TakeLines(),
              ElementsAre("waiting running=2 done=1 total=3 "
                          "slowest=quay.io/b:1 duration_seconds=35.0"));
}

TEST_F(ProgressLogTest, GivesTheNextSignHalfAMinuteLater) {
  log_.OnPlanned(run_);
  log_.OnTurn(run_, kLogNow);
  log_.OnTurn(run_, kLogNow + absl::Seconds(30));
  TakeLines();

  EXPECT_EQ(log_.OnTurn(run_, kLogNow + absl::Seconds(40)),
            kLogNow + absl::Seconds(60));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ProgressLogTest, IsSilentAsLongAsSomethingHappens) {
  log_.OnPlanned(run_);
  log_.OnTurn(run_, kLogNow);
  log_.OnAttempt(run_, run_.images()[0]);
  log_.OnTurn(run_, kLogNow + absl::Seconds(20));
  TakeLines();

  EXPECT_EQ(log_.OnTurn(run_, kLogNow + absl::Seconds(40)),
            kLogNow + absl::Seconds(50));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ProgressLogTest, WhatTheResultTellsIsNoSilenceEither) {
  ProgressLog log({.logs_ends = false});
  log.OnPlanned(run_);
  log.OnTurn(run_, kLogNow);
  log.OnEnded(run_, run_.images()[2]);

  EXPECT_EQ(log.OnTurn(run_, kLogNow + absl::Seconds(20)),
            kLogNow + absl::Seconds(50));
}

TEST_F(ProgressLogTest, NamesNoSlowestPullWhereNoneRuns) {
  run_ = RunWith({.waiting = 1});
  log_.OnPlanned(run_);
  log_.OnTurn(run_, kLogNow);
  TakeLines();

  log_.OnTurn(run_, kLogNow + absl::Seconds(30));

  EXPECT_THAT(lines_, ElementsAre("waiting running=0 done=0 total=1"));
}

TEST_F(ProgressLogTest, TellsInItsSignOfLifeHowTheBytesAreComing) {
  run_.features().byte_progress = true;
  log_.OnPlanned(run_);
  for (int second = 0; second < 30; ++second) {
    run_.UpdateBytes({.done = (second + 1) * 24000000});
    log_.OnTurn(run_, kLogNow + absl::Seconds(second));
  }
  run_.UpdateBytes({.done = 720000000, .total = 3400000000});
  run_.images()[1].bytes_done = 310000000;
  run_.images()[1].bytes_total = 508000000;
  TakeLines();

  log_.OnTurn(run_, kLogNow + absl::Seconds(30));

  EXPECT_THAT(
      lines_,
      ElementsAre("waiting running=2 done=1 total=3 bytes_done=720000000 "
                  "bytes_total=3400000000 bytes_per_second=21600000 "
                  "slowest=quay.io/b:1 duration_seconds=35.0 "
                  "slowest_bytes_done=310000000 "
                  "slowest_bytes_total=508000000"));
}

TEST_F(ProgressLogTest, LeavesOutTotalsAndRatesThatAreUnknown) {
  run_.features().byte_progress = true;
  log_.OnPlanned(run_);
  log_.OnTurn(run_, kLogNow);
  TakeLines();

  log_.OnTurn(run_, kLogNow + absl::Seconds(30));

  EXPECT_THAT(lines_,
              ElementsAre("waiting running=2 done=1 total=3 bytes_done=0 "
                          "slowest=quay.io/b:1 duration_seconds=35.0 "
                          "slowest_bytes_done=0"));
}

TEST_F(ProgressLogTest, HasNothingToWaitForBeforeThePlan) {
  EXPECT_EQ(log_.OnTurn(run_, kLogNow), Instant::Never());
}

TEST_F(ProgressLogTest, EndsWithTheCounts) {
  run_ = RunWith({.pulled = 8, .skipped = 4, .failed = 1, .stopped = 2});

  log_.OnFinished(run_, run_.start() + absl::Seconds(182));

  EXPECT_THAT(lines_, ElementsAre("finished present=12 failed=1 stopped=2 "
                                  "duration_seconds=182.0"));
}

}  // namespace
}  // namespace prepull
