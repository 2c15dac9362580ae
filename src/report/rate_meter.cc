#include "prepull/report/rate_meter.h"

#include <cmath>

namespace prepull {
namespace {

constexpr absl::Duration kShortestWindow = absl::Seconds(2);
constexpr int kSamples = 10;

}  // namespace

void RateMeter::Add(Instant now, int64_t bytes) {
  if (!samples_.empty() && bytes < samples_.back().bytes) Clear();
  if (bytes <= 0) return;
  if (!samples_.empty() && now - samples_.back().at < window_ / kSamples) {
    return;
  }
  samples_.push_back({now, bytes});
  // The oldest sample is kept as long as the window needs it, so that there are
  // two samples even if Add is rarely called.
  while (samples_.size() > 2 && now - samples_[1].at >= window_) {
    samples_.erase(samples_.begin());
  }
}

std::optional<int64_t> RateMeter::BytesPerSecond() const {
  if (samples_.empty()) return std::nullopt;
  const absl::Duration seen = samples_.back().at - samples_.front().at;
  if (seen < kShortestWindow) return std::nullopt;
  const int64_t came = samples_.back().bytes - samples_.front().bytes;
  return std::llround(static_cast<double>(came) / absl::ToDoubleSeconds(seen));
}

}  // namespace prepull
