#include "prepull/report/status_file.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "prepull/report/run_document.h"

namespace prepull {
namespace {

constexpr absl::Duration kMinPause = absl::Milliseconds(500);
// Writing may take a twentieth of the time: 100,000 images are 30 MB.
constexpr double kPausePerCost = 20;
// A longer interval is too long for those who wait for the file.
constexpr absl::Duration kMaxPause = absl::Seconds(10);
constexpr absl::Duration kDraftAge = absl::Hours(1);

}  // namespace

// Writes the latest state of the run, one at a time, and the same again with a
// new time if nothing has changed for long.
class StatusFile::Writer {
 public:
  Writer(const std::string& path, FileSystem& files, Clock& clock)
      : path_(path), files_(files), clock_(clock) {}

  // Waits for a write that has begun.
  ~Writer() {
    thread_.request_stop();
    given_.Notify();
  }

  void Start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
  }

  // Nothing is written after the last state.
  void Give(std::shared_ptr<const Run> run) {
    {
      MutexLock lock(mutex_);
      if (has_last_) return;
      has_last_ = run->exit_code().has_value();
      run_ = std::move(run);
      is_news_ = true;
    }
    given_.Notify();
  }

  // The latest state; null before the first and after the last.
  std::shared_ptr<const Run> LivingRun() {
    MutexLock lock(mutex_);
    return has_last_ ? nullptr : run_;
  }

  bool is_idle() {
    MutexLock lock(mutex_);
    return !is_news_ && !is_writing_;
  }

  // The duration of the last write.
  absl::Duration cost() {
    MutexLock lock(mutex_);
    return cost_;
  }

  // Waits until the latest state is written, at most until `until`; returns
  // whether it is. `written` is the wakeup of the waiting thread.
  bool Await(Instant until, Wakeup& written) {
    while (!is_idle()) {
      if (clock_.Now() >= until) return false;
      clock_.WaitUntil(until, written);
    }
    return true;
  }

  // The result of the last write.
  absl::Status status() {
    MutexLock lock(mutex_);
    return status_;
  }

  // Notified after each write: one is for the thread of the run, one for the
  // thread that ends the process.
  Wakeup& written_for_run() { return written_for_run_; }
  Wakeup& written_for_end() { return written_for_end_; }

 private:
  // Returns the state to write now; null if there is none.
  std::shared_ptr<const Run> Next() {
    MutexLock lock(mutex_);
    if (!is_news_ && (has_last_ || clock_.Now() < beat_at_)) return nullptr;
    is_news_ = false;
    is_writing_ = true;
    return run_;
  }

  void Work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (const std::shared_ptr<const Run> run = Next()) Write(*run);
      clock_.WaitUntil(NextBeat(), given_);
    }
  }

  Instant NextBeat() {
    MutexLock lock(mutex_);
    if (is_news_) return clock_.Now();
    return has_last_ ? Instant::Never() : beat_at_;
  }

  void Write(const Run& run) {
    const Instant started = clock_.Now();
    const absl::Status written = files_.WriteFileAtomically(
        path_, RunDocument(run, started, clock_.WallNow()));
    if (!written.ok()) {
      Log(LogLevel::kDebug, "status file", {{"error", written.message()}});
    }
    {
      MutexLock lock(mutex_);
      is_writing_ = false;
      status_ = written;
      beat_at_ = started + kMaxPause;
      cost_ = clock_.Now() - started;
    }
    written_for_run_.Notify();
    written_for_end_.Notify();
  }

  const std::string path_;
  FileSystem& files_;
  Clock& clock_;
  Wakeup given_;
  Wakeup written_for_run_;
  Wakeup written_for_end_;
  Mutex mutex_;
  std::shared_ptr<const Run> run_ ABSL_GUARDED_BY(mutex_);
  bool is_news_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_last_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  // When to write again without changes.
  Instant beat_at_ ABSL_GUARDED_BY(mutex_);
  absl::Duration cost_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
};

StatusFile::StatusFile(std::string path, FileSystem& files, Clock& clock)
    : path_(std::move(path)),
      files_(files),
      clock_(clock),
      writer_(path_.empty() ? nullptr
                            : std::make_unique<Writer>(path_, files, clock)) {}

StatusFile::~StatusFile() = default;

void StatusFile::OnStarted(const Run& run) {
  if (!writer_) return;
  files_.RemoveOldDrafts(path_, kDraftAge);
  is_told_ = true;
  Tell(run);
  writer_->Start();
  AwaitWritten();
}

void StatusFile::AwaitWritten() {
  writer_->Await(Instant::Never(), writer_->written_for_run());
  const absl::Status written = writer_->status();
  if (written.ok()) return;
  Log(LogLevel::kWarn, "status file cannot be written",
      {{"error", written.message()}});
}

bool StatusFile::HasNews(const Run& run) const {
  return has_news_ || run.bytes().done != written_bytes_.done ||
         run.bytes().total != written_bytes_.total;
}

void StatusFile::Tell(const Run& run) {
  if (!is_told_) return;
  const Instant now = clock_.Now();
  // Before the writer has this one, which it may write at once.
  const absl::Duration last_cost = writer_->cost();
  writer_->Give(std::make_shared<const Run>(run));
  has_news_ = false;
  written_bytes_ = run.bytes();
  const absl::Duration cost = (clock_.Now() - now) + last_cost;
  next_write_ = now + std::clamp(cost * kPausePerCost, kMinPause, kMaxPause);
}

Instant StatusFile::OnTurn(const Run& run, Instant now) {
  if (!is_told_ || !HasNews(run)) return Instant::Never();
  if (now < next_write_) return next_write_;
  if (!writer_->is_idle()) return now + kMinPause;
  Tell(run);
  return Instant::Never();
}

void StatusFile::OnRunEnded(const Run& run) {
  if (!is_told_) return;
  Tell(run);
  is_told_ = false;
  AwaitWritten();
}

void StatusFile::BreakOff(ExitCode code, const std::string& why,
                          absl::Duration patience) {
  if (!writer_) return;
  const Instant until = clock_.Now() + patience;
  if (const std::shared_ptr<const Run> run = writer_->LivingRun()) {
    Run broken = *run;
    const bool is_stop = code == ExitCode::kStopped;
    const RunEnd end = {.code = code,
                        .phase = is_stop ? Phase::kInterrupted : Phase::kFailed,
                        .reason = is_stop ? Reason::kNone : Reason::kUnknown,
                        .message = why};
    broken.BreakOff(end, is_stop ? Reason::kInterrupted : Reason::kUnknown,
                    clock_.Now(), clock_.WallNow());
    writer_->Give(std::make_shared<const Run>(std::move(broken)));
  }
  if (writer_->Await(until, writer_->written_for_end())) return;
  files_.RemoveOldDrafts(path_, -absl::InfiniteDuration());
}

}  // namespace prepull
