#include "prepull/run/run.h"

#include <cassert>

namespace prepull {
namespace {

int64_t& CountOf(ImageCounts& counts, ImageState state) {
  switch (state) {
    case ImageState::kWaiting:
      return counts.waiting;
    case ImageState::kPulling:
      return counts.pulling;
    case ImageState::kPulled:
      return counts.pulled;
    case ImageState::kSkipped:
      return counts.skipped;
    case ImageState::kFailed:
      return counts.failed;
    case ImageState::kStopped:
      break;
  }
  return counts.stopped;
}

}  // namespace

absl::string_view StateName(ImageState state) {
  switch (state) {
    case ImageState::kWaiting:
      return "Waiting";
    case ImageState::kPulling:
      return "Pulling";
    case ImageState::kPulled:
      return "Pulled";
    case ImageState::kSkipped:
      return "Skipped";
    case ImageState::kFailed:
      return "Failed";
    case ImageState::kStopped:
      break;
  }
  return "Stopped";
}

absl::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kPreparing:
      return "Preparing";
    case Phase::kPulling:
      return "Pulling";
    case Phase::kSucceeded:
      return "Succeeded";
    case Phase::kFailed:
      return "Failed";
    case Phase::kTimedOut:
      return "TimedOut";
    case Phase::kInterrupted:
      break;
  }
  return "Interrupted";
}

bool IsFinal(ImageState state) {
  return state != ImageState::kWaiting && state != ImageState::kPulling;
}

Run Run::Restore(RunRecord record) {
  Run run;
  run.record_ = std::move(record);
  run.counts_ = run.record_.omitted;
  for (const ImageOutcome& image : run.images()) {
    ++CountOf(run.counts_, image.state);
  }
  return run;
}

void Run::EnterList(std::vector<ImageOutcome> images, std::string hash) {
  assert(!list_known());
  record_.list_known = true;
  record_.list_hash = std::move(hash);
  record_.images = std::move(images);
  for (const ImageOutcome& image : record_.images) {
    ++CountOf(counts_, image.state);
  }
}

void Run::EnterRuntime(RuntimeFacts runtime) {
  record_.runtime = std::move(runtime);
}

void Run::Move(ImageOutcome& image, ImageState state) {
  --CountOf(counts_, image.state);
  image.state = state;
  ++CountOf(counts_, state);
  assert(CountOf(counts_, state) > 0);
}

void Run::MarkNotUsable(const std::string& name) {
  record_.not_usable.insert(name);
}

void Run::ClearNotUsable(const std::string& name) {
  record_.not_usable.erase(name);
}

void Run::End(const RunEnd& end, absl::Time at) {
  record_.phase = end.phase;
  record_.finished_at = at;
  record_.exit_code = end.code;
  record_.reason = end.reason;
  record_.message = end.message;
  record_.tolerated = end.tolerated;
}

void Run::BreakOff(const RunEnd& end, Reason why, Instant now, absl::Time at) {
  for (ImageOutcome& image : images()) {
    if (IsFinal(image.state)) continue;
    image.reason = why;
    if (image.started_at) image.took = now - *image.started_at;
    Move(image, ImageState::kStopped);
  }
  End(end, at);
}

}  // namespace prepull
