#include "prepull/report/progress_log.h"

#include <string>
#include <vector>

#include "prepull/base/log.h"

namespace prepull {
namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(30);

// Returns the running image that started first; null if there is none.
const ImageOutcome* Slowest(const Run& run) {
  const ImageOutcome* slowest = nullptr;
  for (const ImageOutcome& image : run.images()) {
    if (image.state != ImageState::kPulling) continue;
    if (slowest == nullptr || *image.started_at < *slowest->started_at) {
      slowest = &image;
    }
  }
  return slowest;
}

// Appends the fields of a byte count; `prefix` distinguishes the slowest image
// from the run. An unknown total has no field.
void AddBytes(const std::string& prefix, const ByteCount& bytes,
              std::vector<LogField>& fields) {
  fields.emplace_back(prefix + "bytes_done", bytes.done);
  if (bytes.total) fields.emplace_back(prefix + "bytes_total", *bytes.total);
}

void LogPulled(const ImageOutcome& image) {
  std::vector<LogField> fields = {{"image", image.image}};
  if (image.bytes_total) fields.emplace_back("bytes_done", image.bytes_done);
  fields.emplace_back("duration", image.took);
  fields.emplace_back("attempts", int64_t{image.attempts});
  Log(LogLevel::kInfo, "pulled", fields);
}

}  // namespace

void ProgressLog::OnPlanned(const Run& run) {
  was_quiet_ = false;
  Log(LogLevel::kInfo, "plan",
      {{"images", run.total()},
       {"present", run.counts().skipped},
       {"pull", run.counts().waiting},
       {"concurrency", static_cast<int64_t>(options_.concurrency)}});
}

void ProgressLog::OnAttempt(const Run&, const ImageOutcome& image) {
  was_quiet_ = false;
  Log(LogLevel::kInfo, "pulling",
      {{"image", image.image},
       {"attempt", static_cast<int64_t>(image.attempts)}});
}

void ProgressLog::OnRetry(const Run&, const ImageOutcome& image,
                          absl::Duration delay) {
  was_quiet_ = false;
  Log(LogLevel::kWarn, "retry",
      {{"image", image.image},
       {"attempt", static_cast<int64_t>(image.attempts)},
       {"reason", ReasonName(image.reason)},
       {"retry_in", delay},
       {"error", image.message}});
}

void ProgressLog::OnEnded(const Run&, const ImageOutcome& image) {
  was_quiet_ = false;
  if (!options_.logs_ends) return;
  const int64_t attempts = image.attempts;
  switch (image.state) {
    case ImageState::kPulled:
      LogPulled(image);
      break;
    case ImageState::kSkipped:
      Log(LogLevel::kInfo, "present", {{"image", image.image}});
      break;
    case ImageState::kFailed:
      Log(LogLevel::kError, "failed",
          {{"image", image.image},
           {"reason", ReasonName(image.reason)},
           {"attempts", attempts},
           {"error", image.message}});
      break;
    default:
      Log(LogLevel::kWarn, "stopped",
          {{"image", image.image},
           {"reason", ReasonName(image.reason)},
           {"attempts", attempts},
           {"error", image.message}});
  }
}

void ProgressLog::Beat(const Run& run, Instant now) const {
  const bool knows_bytes = run.features().byte_progress;
  std::vector<LogField> fields = {{"running", run.counts().pulling},
                                  {"done", run.counts().ended()},
                                  {"total", run.total()}};
  if (knows_bytes) {
    AddBytes("", run.bytes(), fields);
    const std::optional<int64_t> rate = meter_.BytesPerSecond();
    if (rate) fields.emplace_back("bytes_per_second", *rate);
  }
  if (const ImageOutcome* slowest = Slowest(run)) {
    fields.emplace_back("slowest", slowest->image);
    fields.emplace_back("duration", now - *slowest->started_at);
    if (knows_bytes) {
      AddBytes("slowest_", {slowest->bytes_done, slowest->bytes_total}, fields);
    }
  }
  Log(LogLevel::kInfo, "waiting", fields);
}

Instant ProgressLog::OnTurn(const Run& run, Instant now) {
  meter_.Add(now, run.bytes().done);
  if (!was_quiet_) heartbeat_at_ = now + kHeartbeat;
  was_quiet_ = true;
  if (now < heartbeat_at_) return heartbeat_at_;
  Beat(run, now);
  heartbeat_at_ = now + kHeartbeat;
  return heartbeat_at_;
}

void ProgressLog::OnFinished(const Run& run, Instant now) {
  Log(LogLevel::kInfo, "finished",
      {{"present", run.counts().present()},
       {"failed", run.counts().failed},
       {"stopped", run.counts().stopped},
       {"duration", now - run.start()}});
}

}  // namespace prepull
