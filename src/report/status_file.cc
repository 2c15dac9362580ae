#include "prepull/report/status_file.h"

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <thread>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "prepull/report/run_document.h"

namespace prepull {
namespace {

constexpr absl::Duration kShortestPause = absl::Milliseconds(500);
// Writing may cost a twentieth of the run: 100,000 images are 30 MB a time.
constexpr double kPausePerCost = 20;
// So that a reader can tell a quiet run from a dead one by updated_at.
constexpr absl::Duration kLongestPause = absl::Seconds(10);
constexpr absl::Duration kDraftAge = absl::Hours(1);

void Warn(const absl::Status& error) {
  Log(LogLevel::kWarn, "status file cannot be written",
      {{"error", error.message()}});
}

}  // namespace

// Writes the newest text it was given, one at a time.
class StatusFile::Writer {
 public:
  Writer(const std::string& path, FileSystem& files, const Clock& clock)
      : path_(path),
        files_(files),
        clock_(clock),
        thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  bool is_idle() {
    MutexLock lock(mutex_);
    return !text_ && !is_writing_;
  }

  // How long the last write took.
  absl::Duration cost() {
    MutexLock lock(mutex_);
    return cost_;
  }

  void Write(std::string text) {
    {
      MutexLock lock(mutex_);
      text_ = std::move(text);
    }
    changed_.notify_all();
  }

  // Ends the thread; a write that has begun is finished first.
  void Stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::optional<std::string> NextText(const std::stop_token& stop) {
    MutexLock lock(mutex_);
    is_writing_ = false;
    changed_.wait(mutex_, stop, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return text_.has_value();
    });
    if (stop.stop_requested()) return std::nullopt;
    is_writing_ = true;
    return std::exchange(text_, std::nullopt);
  }

  void Run(const std::stop_token& stop) {
    while (const std::optional<std::string> text = NextText(stop)) {
      const Instant started = clock_.Now();
      const absl::Status written = files_.WriteFileAtomically(path_, *text);
      if (!written.ok()) {
        Log(LogLevel::kDebug, "status file", {{"error", written.message()}});
      }
      MutexLock lock(mutex_);
      cost_ = clock_.Now() - started;
    }
  }

  const std::string path_;
  FileSystem& files_;
  const Clock& clock_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<std::string> text_ ABSL_GUARDED_BY(mutex_);
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration cost_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
};

StatusFile::StatusFile(std::string path, FileSystem& files, const Clock& clock)
    : path_(std::move(path)), files_(files), clock_(clock) {}

StatusFile::~StatusFile() = default;

void StatusFile::Begin(const Run& run) {
  if (path_.empty()) return;
  files_.RemoveOldDrafts(path_, kDraftAge);
  const absl::Status written = files_.WriteFileAtomically(
      path_, RunDocument(run, clock_.Now(), clock_.WallNow()));
  if (!written.ok()) Warn(written);
  written_bytes_ = run.bytes;
  next_write_ = clock_.Now() + kShortestPause;
  writer_ = std::make_unique<Writer>(path_, files_, clock_);
}

bool StatusFile::HasNews(const Run& run) const {
  return has_news_ || run.bytes.done != written_bytes_.done ||
         run.bytes.total != written_bytes_.total;
}

Instant StatusFile::OnTurn(const Run& run, Instant now) {
  if (!writer_) return Instant::Never();
  // With no news, the pause since the last write is stretched.
  const Instant due =
      HasNews(run) ? next_write_ : next_write_ + kLongestPause - kShortestPause;
  if (now < due) return due;
  if (!writer_->is_idle()) return now + kShortestPause;
  std::string text = RunDocument(run, now, clock_.WallNow());
  const absl::Duration cost = (clock_.Now() - now) + writer_->cost();
  writer_->Write(std::move(text));
  has_news_ = false;
  written_bytes_ = run.bytes;
  next_write_ = now + std::max(kShortestPause, cost * kPausePerCost);
  return next_write_ + kLongestPause - kShortestPause;
}

void StatusFile::Finish(const Run& run) {
  if (!writer_) return;
  writer_->Stop();
  writer_.reset();
  const absl::Status written = files_.WriteFileAtomically(
      path_, RunDocument(run, clock_.Now(), clock_.WallNow()));
  if (!written.ok()) Warn(written);
}

}  // namespace prepull
