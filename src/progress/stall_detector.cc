#include "prepull/progress/stall_detector.h"

#include <algorithm>

namespace prepull {
namespace {

constexpr absl::Duration kHistory = absl::Seconds(30);
constexpr absl::Duration kMaxWindow = absl::Minutes(5);
// The size of the writes with which containerd moves an offset.
constexpr int64_t kStepBytes = kDownloadStepBytes;
// A fair share is an average, and shares are uneven.
constexpr double kSteps = 4;
// A sixth of what was measured (3.5 GB in 5.6 s), for slow disks.
constexpr double kRehashBytesPerSecond = 100e6;

// The runtime reads what is there of a download before it goes on with it.
absl::Duration RehashTime(int64_t offset_bytes) {
  return absl::Seconds(static_cast<double>(offset_bytes) /
                       kRehashBytesPerSecond);
}

}  // namespace

void StallDetector::Observe(Instant now,
                            const std::vector<OpenDownload>& listed) {
  if (now - observed_ > kHistory) {
    // There was no list: what moved meanwhile says nothing about the rate.
    downloads_.clear();
    gains_.clear();
  }
  observed_ = now;

  int64_t gained_bytes = 0;
  for (const OpenDownload& download : listed) gained_bytes += Take(download);
  MarkUnlisted();

  gains_.push_back({now, gained_bytes});
  while (gains_.front().at <= now - kHistory) gains_.pop_front();
  fair_step_ = FairStep();
  if (gained_bytes > 0) {
    node_moves_until_ = now + std::max(kHistory, kSteps * fair_step_);
  }
}

// Returns by how much its offset rose, if that is a step: less is the rest
// that a cancelled download writes down, and says nothing about the rate. The
// bytes before a download was first listed and after it was last listed are
// not seen: they may be those of an earlier attempt.
int64_t StallDetector::Take(const OpenDownload& listed) {
  const auto [it, is_new] = downloads_.try_emplace(listed.digest);
  Download& download = it->second;
  const bool begins_anew =
      is_new || download.left || listed.offset_bytes < download.offset_bytes;
  if (begins_anew) {
    download = {.seen = observed_, .offset_bytes = listed.offset_bytes};
  }
  download.is_listed = true;
  download.last_seen = observed_;
  const int64_t gained_bytes = listed.offset_bytes - download.offset_bytes;
  if (gained_bytes > 0) download.rose = observed_;
  download.offset_bytes = listed.offset_bytes;
  if (gained_bytes < kStepBytes) return 0;
  download.stepped = observed_;
  has_stepped_ = true;
  return gained_bytes;
}

void StallDetector::MarkUnlisted() {
  for (auto& [digest, download] : downloads_) {
    if (!download.is_listed && !download.left) download.left = observed_;
    download.is_listed = false;
  }
  absl::erase_if(downloads_, [this](const auto& entry) {
    return entry.second.left && *entry.second.left <= observed_ - kHistory;
  });
}

// The time a moving download takes for 1 MiB on average: n / R, where each
// download counts towards n for the part of the 30 s in which it went forward,
// as its bytes count towards R. (Were short layers counted in full, a node that
// finishes ten a second would seem to be shared by 300; were the rest behind
// its last step counted, a stalled download would earn itself more patience
// the longer it rests.)
absl::Duration StallDetector::FairStep() const {
  double gained_bytes = 0;
  for (const Gain& gain : gains_) {
    gained_bytes += static_cast<double>(gain.bytes);
  }
  if (gained_bytes == 0) return absl::ZeroDuration();

  const Instant horizon = observed_ - kHistory;
  absl::Duration moving;
  for (const auto& [digest, download] : downloads_) {
    if (!download.stepped || *download.stepped <= horizon) continue;
    moving += *download.stepped - std::max(download.seen, horizon);
  }
  return moving * (kStepBytes / gained_bytes);
}

Verdict StallDetector::Judge(const AttemptView& attempt) const {
  if (attempt.blobs == nullptr) return Verdict::kPlainTimeout;
  if (attempt.all_blobs_present) return Verdict::kUnpacking;
  // A download that was listed before may be a leftover of an attempt that was
  // cut: it is reopened at the earliest when this one knows what to open.
  const Instant could_open =
      std::max(attempt.started, attempt.blobs_known_since);
  // Its downloads have not been looked for yet.
  if (observed_ <= could_open) return Verdict::kLeaveAlone;
  const absl::Duration patience = RestLimit(attempt.window);
  const bool may_wait_for_slot = SlotsAreTaken(patience);
  bool has_open = false;
  Instant rests_since = could_open;
  for (const std::string& blob : *attempt.blobs) {
    const auto it = downloads_.find(blob);
    if (it == downloads_.end()) continue;
    const Download& download = it->second;
    if (download.left) {
      rests_since = std::max(rests_since, *download.left);
      continue;
    }
    const Instant opened = std::max(could_open, download.seen);
    const bool moved = download.rose && *download.rose > opened;
    if (!moved && may_wait_for_slot) continue;
    has_open = true;
    rests_since = std::max(
        rests_since,
        moved ? *download.rose : opened + RehashTime(download.offset_bytes));
  }
  if (has_open) {
    return observed_ - rests_since < patience ? Verdict::kLeaveAlone
                                              : Verdict::kStalled;
  }
  return observed_ < node_moves_until_ ? Verdict::kLeaveAlone
                                       : Verdict::kPlainTimeout;
}

// Whether so many downloads move that one which does not may be a leftover of
// an attempt that was cut: listed, and waiting for its turn.
bool StallDetector::SlotsAreTaken(absl::Duration patience) const {
  if (node_slots_ == 0) return false;
  const auto moving = std::count_if(
      downloads_.begin(), downloads_.end(), [&](const auto& entry) {
        const Download& download = entry.second;
        return !download.left && download.stepped &&
               observed_ - *download.stepped < patience;
      });
  return moving >= node_slots_;
}

std::optional<bool> StallDetector::HasResting(absl::Duration time) const {
  if (!has_stepped_) return std::nullopt;
  return std::any_of(
      downloads_.begin(), downloads_.end(), [&](const auto& entry) {
        const Download& download = entry.second;
        const Instant moved = download.rose.value_or(download.seen);
        return !download.left && observed_ - moved >= time;
      });
}

absl::Duration StallDetector::RestLimit(absl::Duration window) const {
  return std::max(window, kSteps * fair_step_);
}

bool StallDetector::RoseSince(const std::string& digest, Instant since) const {
  const auto it = downloads_.find(digest);
  return it != downloads_.end() && it->second.rose && *it->second.rose > since;
}

bool StallDetector::MayHaveGrownSince(const std::string& digest,
                                      Instant since) const {
  const auto it = downloads_.find(digest);
  return it == downloads_.end() || it->second.seen > since ||
         RoseSince(digest, since);
}

absl::Duration NextWindow(absl::Duration last_window,
                          absl::Duration stall_timeout, int64_t gained_bytes,
                          absl::Duration took) {
  const absl::Duration longest =
      std::max(stall_timeout, std::min(2 * last_window, kMaxWindow));
  if (gained_bytes <= 0) return longest;
  const absl::Duration four_steps =
      took * (kSteps * kStepBytes / static_cast<double>(gained_bytes));
  return std::clamp(four_steps, stall_timeout, longest);
}

}  // namespace prepull
