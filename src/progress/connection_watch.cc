#include "prepull/progress/connection_watch.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "prepull/base/log.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

// CRI-O gives up a pull whose registry starts from the beginning.
// Source: https://github.com/containers/image, docker/body_reader.go
bool SaysNotContinued(const absl::Status& error) {
  return absl::StrContains(error.message(),
                           "after reconnecting, server did not"
                           " process a Range: header");
}

}  // namespace

void ConnectionWatch::Look(Instant now,
                           const SilenceDetector::Surroundings& surroundings) {
  if (is_off_) return;
  looked_ = now;
  const absl::StatusOr<std::vector<Connection>> listed = connections_.List();
  if (!listed.ok()) return StopWatching(listed.status());
  for (const StuckConnection& stuck :
       detector_.Observe(now, *listed, surroundings)) {
    if (options_.may_end) End(now, stuck);
  }
}

Instant ConnectionWatch::NextLook() const {
  if (is_off_) return Instant::Never();
  if (!looked_) return Instant();
  return std::min(*looked_ + kInterval, detector_.NextStuck());
}

void ConnectionWatch::End(Instant now, const StuckConnection& stuck) {
  const absl::Status ended = connections_.ShutDown(stuck.id);
  if (!ended.ok()) return StopWatching(ended);
  detector_.OnEnded(now, stuck.id);
  if (stuck.in_body) resumes_ = now;
  run_.CountEndedConnection();
  Log(LogLevel::kInfo,
      stuck.in_body ? "silent connection ended, its pull goes on"
                    : "connection without a response ended",
      {{"peer", stuck.peer},
       {"silent_for", stuck.silent_for},
       {"received", HumanBytes(stuck.received_bytes)}});
}

void ConnectionWatch::OnFailed(Instant now, const absl::Status& error) {
  if (SaysNotContinued(error)) detector_.OnNotContinued(now);
}

void ConnectionWatch::StopWatching(const absl::Status& why) {
  is_off_ = true;
  run_.features().connections = false;
  Log(LogLevel::kWarn, "connections of the runtime cannot be seen any more",
      {{"error", why.message()}});
}

}  // namespace prepull
