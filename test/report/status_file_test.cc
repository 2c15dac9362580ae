#include "prepull/report/status_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>
#include <vector>

#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "prepull/report/run_document.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr char kPath[] = "/run/prepull/status.json";
constexpr absl::Duration kPause = absl::Milliseconds(500);

// A FakeClock that the thread of the writer may look at as well.
class SharedClock : public Clock {
 public:
  Instant Now() const override {
    return Instant(absl::Hours(1) + absl::Milliseconds(passed_ms_.load()));
  }
  absl::Time WallNow() const override {
    return absl::UnixEpoch() + Now().since_origin();
  }
  void WaitUntil(Instant, Wakeup&) override {}

  void Advance(absl::Duration d) { passed_ms_ += absl::ToInt64Milliseconds(d); }

 private:
  std::atomic<int64_t> passed_ms_ = 0;
};

// A disk whose writes can be held up.
class SlowDisk : public FakeFileSystem {
 public:
  absl::Status WriteFileAtomically(const std::string&,
                                   absl::string_view text) override {
    MutexLock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    while (is_held_) changed_.wait(mutex_);
    texts_.emplace_back(text);
    changed_.notify_all();
    return absl::OkStatus();
  }
  void RemoveOldDrafts(const std::string& path, absl::Duration) override {
    MutexLock lock(mutex_);
    tidied_.push_back(path);
  }

  void Hold() {
    MutexLock lock(mutex_);
    is_held_ = true;
  }
  void Release() {
    MutexLock lock(mutex_);
    is_held_ = false;
    changed_.notify_all();
  }
  void AwaitBegun(int count) {
    MutexLock lock(mutex_);
    while (begun_ < count) changed_.wait(mutex_);
  }
  void AwaitWritten(size_t count) {
    MutexLock lock(mutex_);
    while (texts_.size() < count) changed_.wait(mutex_);
  }
  int begun() {
    MutexLock lock(mutex_);
    return begun_;
  }
  std::vector<std::string> texts() {
    MutexLock lock(mutex_);
    return texts_;
  }
  std::vector<std::string> tidied() {
    MutexLock lock(mutex_);
    return tidied_;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  int begun_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> texts_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> tidied_ ABSL_GUARDED_BY(mutex_);
};

class StatusFileTest : public ::testing::Test {
 protected:
  StatusFileTest() {
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
  }
  ~StatusFileTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  Instant Turn() { return file_.OnTurn(run_, clock_.Now()); }
  Instant TurnWithNews() {
    file_.OnPlanned(run_);
    return Turn();
  }
  // With news until the writer takes it: it needs a moment to find itself idle
  // after a write.
  Instant TurnUntilTaken() {
    Instant due = TurnWithNews();
    while (due == clock_.Now() + kPause) {
      std::this_thread::yield();
      due = TurnWithNews();
    }
    return due;
  }

  SharedClock clock_;
  SlowDisk disk_;
  prepull::Run run_;
  std::vector<std::string> warnings_;
  StatusFile file_{kPath, disk_, clock_};
};

TEST_F(StatusFileTest, IsWrittenBeforeTheRunBegins) {
  file_.Begin(run_);

  ASSERT_THAT(disk_.texts(), SizeIs(1));
  EXPECT_THAT(ParseRunDocument(disk_.texts()[0]), IsOk());
}

TEST_F(StatusFileTest, IsWrittenOnceMoreWhenTheRunHasEnded) {
  file_.Begin(run_);
  run_.End(ExitCode::kOk, Phase::kSucceeded, clock_.WallNow());

  file_.Finish(run_);

  EXPECT_THAT(disk_.texts(),
              ElementsAre(HasSubstr("Preparing"), HasSubstr("Succeeded")));
}

TEST_F(StatusFileTest, TellsNewsHalfASecondAfterTheFirstWord) {
  file_.Begin(run_);
  run_.phase = Phase::kPulling;
  clock_.Advance(kPause);

  TurnWithNews();
  disk_.AwaitWritten(2);

  EXPECT_THAT(disk_.texts()[1], HasSubstr("Pulling"));
}

TEST_F(StatusFileTest, SavesNewsUpForHalfASecond) {
  file_.Begin(run_);
  const Instant start = clock_.Now();
  clock_.Advance(kPause / 2);

  EXPECT_EQ(TurnWithNews(), start + kPause);
  EXPECT_EQ(disk_.begun(), 1);
}

TEST_F(StatusFileTest, TellsTheNextNewsHalfASecondLater) {
  file_.Begin(run_);
  clock_.Advance(kPause);
  TurnWithNews();

  EXPECT_EQ(TurnWithNews(), clock_.Now() + kPause);
}

TEST_F(StatusFileTest, IsWrittenAtMostTwiceASecond) {
  file_.Begin(run_);

  for (int i = 0; i < 100; ++i) {
    clock_.Advance(absl::Milliseconds(100));
    TurnUntilTaken();
  }
  file_.Finish(run_);

  EXPECT_THAT(disk_.begun(), Le(22));  // 20 in 10 seconds, first and last
}

TEST_F(StatusFileTest, AnAttemptIsNews) {
  file_.Begin(run_);
  clock_.Advance(kPause);

  file_.OnAttempt(run_, {});
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, ARetryIsNews) {
  file_.Begin(run_);
  clock_.Advance(kPause);

  file_.OnRetry(run_, {}, absl::Seconds(1));
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, TheEndOfAnImageIsNews) {
  file_.Begin(run_);
  clock_.Advance(kPause);

  file_.OnEnded(run_, {});
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, BytesAreNews) {
  file_.Begin(run_);
  run_.bytes.done = 1000;

  EXPECT_EQ(Turn(), clock_.Now() + kPause);
  EXPECT_EQ(disk_.begun(), 1);
  clock_.Advance(kPause);
  Turn();
  disk_.AwaitWritten(2);

  EXPECT_THAT(disk_.texts()[1], HasSubstr(R"("bytes":{"done":1000,)"));
}

TEST_F(StatusFileTest, ATotalThatIsKnownAtLastIsNews) {
  file_.Begin(run_);
  clock_.Advance(kPause);

  run_.bytes.total = 1000;
  Turn();

  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, BytesThatWereWrittenAreNoNews) {
  run_.bytes.done = 1000;
  file_.Begin(run_);
  clock_.Advance(kPause);
  run_.bytes.done = 2000;
  Turn();
  disk_.AwaitWritten(2);
  const Instant start = clock_.Now();
  clock_.Advance(absl::Seconds(9));

  EXPECT_EQ(Turn(), start + absl::Seconds(10));
  EXPECT_EQ(disk_.begun(), 2);
}

// So that a reader can tell a quiet run from a dead one.
TEST_F(StatusFileTest, IsWrittenEveryTenSecondsWithoutNews) {
  file_.Begin(run_);
  const Instant start = clock_.Now();
  clock_.Advance(absl::Milliseconds(9999));

  EXPECT_EQ(Turn(), start + absl::Seconds(10));
  EXPECT_EQ(disk_.begun(), 1);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Turn(), start + absl::Seconds(20));
  disk_.AwaitWritten(2);
}

TEST_F(StatusFileTest, ASlowDiskHoldsUpNobody) {
  file_.Begin(run_);
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
  file_.Begin(run_);
  disk_.Hold();
  clock_.Advance(kPause);
  TurnWithNews();
  disk_.AwaitBegun(2);
  clock_.Advance(absl::Seconds(1));
  disk_.Release();
  disk_.AwaitWritten(2);

  const Instant start = clock_.Now();
  TurnUntilTaken();

  EXPECT_EQ(TurnWithNews(), start + absl::Seconds(20));
}

TEST_F(StatusFileTest, TheLastWordIsTheLastEvenBehindASlowWrite) {
  file_.Begin(run_);
  disk_.Hold();
  clock_.Advance(kPause);
  TurnWithNews();
  disk_.AwaitBegun(2);
  run_.End(ExitCode::kImagesFailed, Phase::kFailed, clock_.WallNow());

  std::jthread releaser([this] { disk_.Release(); });
  file_.Finish(run_);

  ASSERT_THAT(disk_.texts(), SizeIs(3));
  EXPECT_THAT(disk_.texts()[2], HasSubstr(R"("phase":"Failed")"));
}

TEST_F(StatusFileTest, SaysNothingAfterTheLastWord) {
  file_.Begin(run_);
  file_.Finish(run_);
  clock_.Advance(absl::Hours(1));

  EXPECT_EQ(TurnWithNews(), Instant::Never());
  EXPECT_EQ(disk_.begun(), 2);
}

TEST_F(StatusFileTest, TidiesUpBehindKilledRunsAtTheStart) {
  file_.Begin(run_);

  EXPECT_THAT(disk_.tidied(), ElementsAre(kPath));
}

TEST_F(StatusFileTest, WarnsAtTheStartAndAtTheEndIfItCannotBeWritten) {
  FakeFileSystem files;
  files.FailWrites(absl::ResourceExhaustedError("no space left on device"));
  StatusFile file(kPath, files, clock_);

  file.Begin(run_);
  while (files.writes() < 4) {
    clock_.Advance(kPause);
    file.OnPlanned(run_);
    file.OnTurn(run_, clock_.Now());
    std::this_thread::yield();
  }
  file.Finish(run_);

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
  file.Begin(run_);
  files.FailWrites(absl::OkStatus());

  file.Finish(run_);

  EXPECT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(files.ReadFile(kPath, 1 << 20), IsOk());
}

TEST_F(StatusFileTest, DoesNothingWithoutAPath) {
  FakeFileSystem files;
  StatusFile file("", files, clock_);

  file.Begin(run_);
  file.OnPlanned(run_);
  const Instant due = file.OnTurn(run_, clock_.Now());
  file.Finish(run_);

  EXPECT_EQ(due, Instant::Never());
  EXPECT_EQ(files.writes(), 0);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(StatusFileTest, DoesNotMindARunThatNeverBegan) {
  file_.Finish(run_);

  EXPECT_EQ(disk_.begun(), 0);
}

}  // namespace
}  // namespace prepull
