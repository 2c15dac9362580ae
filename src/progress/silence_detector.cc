#include "prepull/progress/silence_detector.h"

#include <algorithm>
#include <utility>

#include "prepull/progress/stall_detector.h"

namespace prepull {
namespace {

constexpr absl::Duration kRateHistory = absl::Seconds(30);
// For how long after an end a request may be the one that goes on with it.
constexpr absl::Duration kSuccession = absl::Seconds(30);
// From then on a body may break off again: 1 MiB, or a minute (and a bit, since
// its answer is seen a little before the runtime reads it).
constexpr int64_t kContinuableBytes = 1 << 20;
constexpr absl::Duration kContinuableTime = absl::Seconds(62);
// A send that is so much later than the one before is a new request. (The
// kernel counts in steps of up to 10 ms.)
constexpr absl::Duration kSameSend = absl::Milliseconds(50);
// Less is no part of a layer but a whole answer, so the connection is idle.
constexpr int64_t kSmallAnswerBytes = 64 << 10;
// What comes in one go on a link that many share, and how uneven shares are.
constexpr int64_t kBurstBytes = 64 << 10;
constexpr double kFairShares = 4;
constexpr absl::Duration kLongestPatience = absl::Minutes(5);
// Runtimes close what is idle for longer (Go: after 90 s), so it is not idle.
constexpr absl::Duration kLongestIdle = absl::Minutes(2);

}  // namespace

std::vector<StuckConnection> SilenceDetector::Observe(
    Instant now, const std::vector<Connection>& connections,
    const Surroundings& surroundings) {
  while (!ended_.empty() && ended_.front().at <= now - kSuccession) {
    ended_.pop_front();
  }
  const int64_t received_before = received_bytes_;
  for (const Connection& connection : connections) Take(now, connection);
  has_observed_ = true;
  absl::erase_if(seen_, [](auto& entry) {
    return !std::exchange(entry.second.is_listed, false);
  });
  TakeGain(now, received_bytes_ - received_before);
  fair_share_ = FairShare(now);

  is_idle_ = surroundings.has_resting_download == false &&
             std::all_of(seen_.begin(), seen_.end(), [](const auto& entry) {
               return entry.second.in_body;
             });
  std::vector<StuckConnection> stuck;
  next_stuck_ = Instant::Never();
  for (const auto& [id, seen] : seen_) {
    const Instant may_be_stuck = SilentSince(seen) + Patience(seen);
    if (seen.in_body && may_be_stuck > now) {
      next_stuck_ = std::min(next_stuck_, may_be_stuck);
    }
    const std::optional<absl::Duration> silent =
        StuckFor(seen, now, surroundings);
    if (!silent) continue;
    stuck.push_back(
        {.id = id,
         .peer = seen.peer,
         .in_body = seen.in_body,
         .silent_for = *silent,
         .received_bytes = seen.received_bytes - seen.opened_at_bytes});
  }
  return stuck;
}

void SilenceDetector::Take(Instant now, const Connection& listed) {
  const auto [it, is_new] = seen_.try_emplace(listed.id);
  Seen& seen = it->second;
  if (is_new) {
    seen.peer = listed.peer;
    // What was before the first look is none of this run's.
    seen.opened = has_observed_ ? now - listed.since_sent : now;
    seen.opened_at_bytes = has_observed_ ? 0 : listed.received_bytes;
    seen.received_bytes = seen.opened_at_bytes;
  }
  const Instant asked = now - listed.since_sent;
  if (is_new || asked > seen.asked + kSameSend) {
    OnRequest(seen, asked);
    seen.least_before_bytes = seen.received_bytes;
    seen.most_before_bytes =
        is_new ? seen.received_bytes : listed.received_bytes;
  }
  seen.is_listed = true;
  seen.came = now - listed.since_received;
  seen.in_body = IsInBody(seen, listed);
  if (seen.in_body && !seen.answered) seen.answered = now;
  const int64_t gained_bytes = listed.received_bytes - seen.received_bytes;
  seen.received_bytes = listed.received_bytes;
  if (gained_bytes <= 0) return;
  received_bytes_ += gained_bytes;
  moved_at_ = std::max(moved_at_, seen.came);
}

// The kernel's times are coarse: what was sent and what came may have the same.
bool SilenceDetector::IsInBody(const Seen& seen, const Connection& listed) {
  if (listed.since_received == listed.since_sent) {
    return listed.received_bytes - seen.most_before_bytes >= kSmallAnswerBytes;
  }
  return listed.received_bytes > 0 && listed.since_received < listed.since_sent;
}

void SilenceDetector::OnRequest(Seen& seen, Instant asked) const {
  seen.asked = asked;
  seen.window = options_.stall_timeout;
  seen.answered.reset();
  seen.is_successor = false;
  for (const Ended& ended : ended_) {
    if (asked < ended.at) continue;
    seen.is_successor = true;
    seen.window = std::max(seen.window, ended.next_window);
  }
}

void SilenceDetector::TakeGain(Instant now, int64_t bytes) {
  gains_.push_back({now, bytes});
  while (gains_.front().at <= now - kRateHistory) gains_.pop_front();
}

// The time in which a connection that moves gets one burst on average. Each
// counts for the part of the 30 s in which it went forward, as its bytes do.
absl::Duration SilenceDetector::FairShare(Instant now) const {
  double bytes = 0;
  for (const Gain& gain : gains_) bytes += static_cast<double>(gain.bytes);
  if (bytes == 0) return absl::ZeroDuration();
  const Instant horizon = now - kRateHistory;
  absl::Duration moving;
  for (const auto& [id, seen] : seen_) {
    const Instant began = std::max(seen.asked, horizon);
    if (seen.in_body && seen.came > began) moving += seen.came - began;
  }
  return moving * (static_cast<double>(kBurstBytes) / bytes);
}

// Whether the runtime would not go on with its body once more.
bool SilenceDetector::IsSpared(const Seen& seen, Instant now) const {
  return options_.resumes_rarely && seen.is_successor &&
         seen.received_bytes - seen.most_before_bytes < kContinuableBytes &&
         now - *seen.answered < kContinuableTime;
}

absl::Duration SilenceDetector::Patience(const Seen& seen) const {
  return std::max(seen.window,
                  std::min(kFairShares * fair_share_, kLongestPatience));
}

Instant SilenceDetector::SilentSince(const Seen& seen) {
  return std::max(seen.came, seen.opened);
}

// How long the connection has been silent, if that is too long.
std::optional<absl::Duration> SilenceDetector::StuckFor(
    const Seen& seen, Instant now, const Surroundings& surroundings) const {
  if (!seen.in_body) {
    const absl::Duration waits = now - std::max(seen.asked, seen.opened);
    if (waits < surroundings.response_timeout) return std::nullopt;
    return waits;
  }
  const absl::Duration silent = now - SilentSince(seen);
  const absl::Duration patience = Patience(seen);
  if (silent < patience || IsSpared(seen, now) ||
      not_continued_.contains(seen.peer)) {
    return std::nullopt;
  }
  const bool others_move = now - moved_at_ < patience;
  const int64_t answer_bytes = seen.received_bytes - seen.least_before_bytes;
  const bool may_be_idle = surroundings.has_resting_download == false ||
                           (others_move && answer_bytes < kSmallAnswerBytes);
  if (may_be_idle && silent < kLongestIdle) return std::nullopt;
  return silent;
}

// A window by the rate with which the body came, while it did.
absl::Duration SilenceDetector::WindowAfter(const Seen& seen) const {
  const int64_t gained_bytes = seen.received_bytes - seen.most_before_bytes;
  return NextWindow(seen.window, options_.stall_timeout,
                    gained_bytes < kContinuableBytes ? 0 : gained_bytes,
                    seen.came - seen.asked);
}

void SilenceDetector::OnEnded(Instant now, uint64_t id) {
  const auto it = seen_.find(id);
  if (it == seen_.end()) return;
  const Seen& seen = it->second;
  ended_.push_back(
      {.at = now, .peer = seen.peer, .next_window = WindowAfter(seen)});
  seen_.erase(it);
}

void SilenceDetector::OnNotContinued(Instant now) {
  for (const Ended& ended : ended_) {
    if (ended.at > now - kSuccession) not_continued_.insert(ended.peer);
  }
}

}  // namespace prepull
