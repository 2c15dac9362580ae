// A status file's last word, whoever ends the run.
#include <gmock/gmock.h>

#include <thread>

#include "prepull/report/run_document.h"
#include "test/report/status_file_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(StatusFileTest, IsWrittenOnceMoreWhenTheRunHasEnded) {
  file_.OnStarted(run_);
  run_.End({ExitCode::kOk, Phase::kSucceeded}, clock_.WallNow());

  file_.OnRunEnded(run_);

  EXPECT_THAT(disk_.texts(),
              ElementsAre(HasSubstr("Preparing"), HasSubstr("Succeeded")));
}

TEST_F(StatusFileTest, TheLastWordIsTheLastEvenBehindASlowWrite) {
  file_.OnStarted(run_);
  disk_.Hold();
  clock_.Advance(kPause);
  TurnWithNews();
  disk_.AwaitBegun(2);
  End();

  std::jthread releaser([this] { disk_.Release(); });
  file_.OnRunEnded(run_);

  ASSERT_THAT(disk_.texts(), SizeIs(3));
  EXPECT_THAT(disk_.texts()[2], HasSubstr(R"("phase":"Failed")"));
}

TEST_F(StatusFileTest, SaysNothingAfterTheLastWord) {
  file_.OnStarted(run_);
  End();
  file_.OnRunEnded(run_);
  clock_.Advance(absl::Hours(1));

  file_.OnRunEnded(run_);
  file_.BreakOff(ExitCode::kStopped, "interrupted", absl::ZeroDuration());

  EXPECT_EQ(TurnWithNews(), Instant::Never());
  EXPECT_EQ(disk_.begun(), 2);
}

TEST_F(StatusFileTest, TellsOfARunThatASignalBreaksOff) {
  BeginPulling();

  file_.BreakOff(ExitCode::kStopped, "interrupted", absl::Seconds(1));

  const absl::StatusOr<ReadRun> read = ParseRunDocument(disk_.texts().back());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.phase(), Phase::kInterrupted);
  EXPECT_EQ(read->run.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(read->run.message(), "interrupted");
  EXPECT_EQ(read->run.finished_at(), clock_.WallNow());
  EXPECT_EQ(read->run.images()[0].state, ImageState::kStopped);
  EXPECT_EQ(read->run.images()[0].reason, Reason::kInterrupted);
  EXPECT_EQ(read->run.images()[0].took, absl::Seconds(5));
}

TEST_F(StatusFileTest, TellsOfARunThatAnInternalErrorBreaksOff) {
  BeginPulling();

  file_.BreakOff(ExitCode::kInternal, "internal error", absl::Seconds(1));

  const absl::StatusOr<ReadRun> read = ParseRunDocument(disk_.texts().back());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.phase(), Phase::kFailed);
  EXPECT_EQ(read->run.exit_code(), ExitCode::kInternal);
  EXPECT_EQ(read->run.reason(), Reason::kUnknown);
  EXPECT_EQ(read->run.message(), "internal error");
}

TEST_F(StatusFileTest, TheRunItselfHasNoSayBehindItsLastWord) {
  BeginPulling();
  file_.BreakOff(ExitCode::kStopped, "interrupted", absl::Seconds(1));

  End();
  file_.OnRunEnded(run_);

  EXPECT_THAT(disk_.texts().back(), HasSubstr("Interrupted"));
}

TEST_F(StatusFileTest, AProcessThatEndsDoesNotWaitForADiskThatHangs) {
  BeginPulling();
  disk_.Hold();
  clock_.Advance(absl::Seconds(10));
  disk_.AwaitBegun(2);

  file_.BreakOff(ExitCode::kStopped, "interrupted", absl::ZeroDuration());

  EXPECT_THAT(disk_.tidied(), ElementsAre(kPath, kPath));
  disk_.Release();
}

TEST_F(StatusFileTest, TidiesUpBehindKilledRunsAtTheStart) {
  file_.OnStarted(run_);

  EXPECT_THAT(disk_.tidied(), ElementsAre(kPath));
}

TEST_F(StatusFileTest, WarnsAtTheStartAndAtTheEndIfItCannotBeWritten) {
  FakeFileSystem files;
  files.FailWrites(absl::ResourceExhaustedError("no space left on device"));
  StatusFile file(kPath, files, clock_);

  file.OnStarted(run_);
  while (files.writes() < 4) {
    clock_.Advance(kPause);
    file.OnPlanned(run_);
    file.OnTurn(run_, clock_.Now());
    std::this_thread::yield();
  }
  file.OnRunEnded(run_);

  EXPECT_THAT(warnings_,
              ElementsAre("status file cannot be written error=\"no space "
                          "left on device\"",
                          "status file cannot be written error=\"no space "
                          "left on device\""));
}

TEST_F(StatusFileTest, DoesNotWarnAgainIfItCanBeWrittenInTheEnd) {
  FakeFileSystem files;
  files.FailWrites(absl::NotFoundError("no such file or directory"));
  StatusFile file(kPath, files, clock_);
  file.OnStarted(run_);
  files.FailWrites(absl::OkStatus());

  file.OnRunEnded(run_);

  EXPECT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(files.ReadFile(kPath, 1 << 20), IsOk());
}

}  // namespace
}  // namespace prepull
