// When a status file is written, from its first word on.
#include <gmock/gmock.h>

#include <thread>

#include "prepull/report/run_document.h"
#include "test/report/status_file_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

TEST_F(StatusFileTest, IsWrittenBeforeTheRunBegins) {
  file_.OnStarted(run_);

  ASSERT_THAT(disk_.texts(), SizeIs(1));
  EXPECT_THAT(ParseRunDocument(disk_.texts()[0]), IsOk());
}

TEST_F(StatusFileTest, TellsNewsHalfASecondAfterTheFirstWord) {
  file_.OnStarted(run_);
  run_.BeginPulling();
  clock_.Advance(kPause);

  TurnWithNews();
  disk_.AwaitWritten(2);

  EXPECT_THAT(disk_.texts()[1], HasSubstr("Pulling"));
}

TEST_F(StatusFileTest, TellsAChangeOfPhaseAtOnce) {
  file_.OnStarted(run_);
  run_.BeginPulling();

  file_.OnPlanned(run_);
  disk_.AwaitWritten(2);

  EXPECT_THAT(disk_.texts()[1], HasSubstr("Pulling"));
}

TEST_F(StatusFileTest, TellsAChangeOfPhaseBehindASlowWriteToo) {
  file_.OnStarted(run_);
  disk_.Hold();
  clock_.Advance(kPause);
  TurnWithNews();
  disk_.AwaitBegun(2);
  run_.BeginPulling();

  file_.OnPlanned(run_);
  disk_.Release();
  disk_.AwaitWritten(3);

  EXPECT_THAT(disk_.texts()[2], HasSubstr("Pulling"));
}

TEST_F(StatusFileTest, SavesNewsUpForHalfASecond) {
  file_.OnStarted(run_);
  const Instant start = clock_.Now();
  clock_.Advance(kPause / 2);

  EXPECT_EQ(TurnWithNews(), start + kPause);
  EXPECT_EQ(disk_.begun(), 1);
}

TEST_F(StatusFileTest, TellsTheNextNewsHalfASecondLater) {
  file_.OnStarted(run_);
  clock_.Advance(kPause);
  TurnWithNews();

  EXPECT_EQ(TurnWithNews(), clock_.Now() + kPause);
}

TEST_F(StatusFileTest, IsWrittenAtMostTwiceASecond) {
  file_.OnStarted(run_);

  for (int i = 0; i < 100; ++i) {
    clock_.Advance(absl::Milliseconds(100));
    TurnUntilTaken();
  }
  file_.OnRunEnded(run_);

  EXPECT_THAT(disk_.begun(), Le(22));  // 20 in 10 seconds, first and last
}

TEST_F(StatusFileTest, AnAttemptIsNews) {
  file_.OnStarted(run_);
  clock_.Advance(kPause);

  file_.OnAttempt(run_, {});
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, ARetryIsNews) {
  file_.OnStarted(run_);
  clock_.Advance(kPause);

  file_.OnRetry(run_, {}, absl::Seconds(1));
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, TheEndOfAnImageIsNews) {
  file_.OnStarted(run_);
  clock_.Advance(kPause);

  file_.OnEnded(run_, {});
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, BytesAreNews) {
  file_.OnStarted(run_);
  run_.UpdateBytes({.done = 1000});

  EXPECT_EQ(Turn(), clock_.Now() + kPause);
  EXPECT_EQ(disk_.begun(), 1);
  clock_.Advance(kPause);
  Turn();
  disk_.AwaitWritten(2);

  EXPECT_THAT(disk_.texts()[1], HasSubstr(R"("bytes":{"done":1000,)"));
}

TEST_F(StatusFileTest, ATotalThatIsKnownAtLastIsNews) {
  file_.OnStarted(run_);
  clock_.Advance(kPause);

  run_.UpdateBytes({.done = 0, .total = 1000});
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, BytesThatWereWrittenAreNoNews) {
  run_.UpdateBytes({.done = 1000});
  file_.OnStarted(run_);
  clock_.Advance(kPause);
  run_.UpdateBytes({.done = 2000});
  Turn();
  disk_.AwaitWritten(2);
  clock_.Advance(absl::Seconds(9));

  EXPECT_EQ(Turn(), Instant::Never());
  EXPECT_EQ(disk_.begun(), 2);
}

// So that a reader can tell a quiet run from a dead one, also where the run is
// busy and gives no turns.
TEST_F(StatusFileTest, IsWrittenEveryTenSecondsWithoutNewsOrTurns) {
  run_ = RunOf({{.state = ImageState::kPulling, .started_at = clock_.Now()}});
  file_.OnStarted(run_);
  clock_.Advance(absl::Milliseconds(9999));
  EXPECT_EQ(disk_.begun(), 1);

  clock_.Advance(absl::Milliseconds(1));
  disk_.AwaitWritten(2);
  clock_.Advance(absl::Seconds(10));
  disk_.AwaitWritten(3);

  EXPECT_THAT(disk_.texts()[1], HasSubstr(R"("duration_seconds":10,)"));
  EXPECT_THAT(disk_.texts()[2], HasSubstr(R"("duration_seconds":20,)"));
  EXPECT_THAT(disk_.texts()[2],
              HasSubstr(R"("updated_at":"1970-01-01T01:00:20.000Z")"));
}

TEST_F(StatusFileTest, ASlowDiskHoldsUpNobody) {
  file_.OnStarted(run_);
  disk_.Hold();
  clock_.Advance(kPause);
  TurnWithNews();
  disk_.AwaitBegun(2);

  clock_.Advance(absl::Seconds(5));
  const Instant due = TurnWithNews();

  EXPECT_EQ(due, clock_.Now() + kPause);
  EXPECT_EQ(disk_.begun(), 2);
  disk_.Release();
}

TEST_F(StatusFileTest, SparesADiskThatIsSlow) {
  BeginOnADiskThatTakes(absl::Milliseconds(300));
  clock_.Advance(kPause);
  const Instant start = clock_.Now();

  EXPECT_EQ(TurnWithNews(), Instant::Never());

  EXPECT_EQ(TurnWithNews(), start + absl::Seconds(6));
}

// A reader takes a file of more than 40 s for that of a dead run.
TEST_F(StatusFileTest, SparesNoDiskLongerThanTenSeconds) {
  BeginOnADiskThatTakes(absl::Seconds(3));
  clock_.Advance(kPause);
  const Instant start = clock_.Now();

  EXPECT_EQ(TurnWithNews(), Instant::Never());

  EXPECT_EQ(TurnWithNews(), start + absl::Seconds(10));
}

TEST_F(StatusFileTest, DoesNothingWithoutAPath) {
  FakeFileSystem files;
  StatusFile file("", files, clock_);

  file.OnStarted(run_);
  file.OnPlanned(run_);
  const Instant due = file.OnTurn(run_, clock_.Now());
  file.OnRunEnded(run_);

  EXPECT_EQ(due, Instant::Never());
  EXPECT_EQ(files.writes(), 0);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(StatusFileTest, DoesNotMindARunThatNeverBegan) {
  file_.OnRunEnded(run_);

  EXPECT_EQ(disk_.begun(), 0);
}

}  // namespace
}  // namespace prepull
