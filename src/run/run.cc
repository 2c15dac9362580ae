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

void Run::Move(ImageOutcome& image, ImageState state) {
  --CountOf(counts, image.state);
  image.state = state;
  ++CountOf(counts, state);
  assert(CountOf(counts, state) > 0);
}

void Run::BreakOff(const RunEnd& end, Reason why, Instant now, absl::Time at) {
  for (ImageOutcome& image : images) {
    if (IsFinal(image.state)) continue;
    image.reason = why;
    if (image.started_at) image.took = now - *image.started_at;
    Move(image, ImageState::kStopped);
  }
  End(end, at);
}

void Run::End(const RunEnd& end, absl::Time at) {
  exit_code = end.code;
  phase = end.phase;
  reason = end.reason;
  message = end.message;
  tolerated = end.tolerated;
  finished_at = at;
}

}  // namespace prepull
