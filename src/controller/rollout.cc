#include "src/controller/rollout.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

struct Tally {
  int64_t nodes = 0;        // of the Prepull
  int64_t askable = 0;      // those that exist and have a runtime
  int64_t failed = 0;       // for whatever reason
  int64_t ended = 0;        // of those that were asked
  int64_t ended_badly = 0;  // of those
  int64_t running = 0;      // have a Job, also an older one
};

Tally TallyOf(const std::vector<NodeFate>& fates) {
  Tally tally = {.nodes = static_cast<int64_t>(fates.size())};
  for (const NodeFate& fate : fates) {
    const bool is_askable = fate.chosen.why_not.empty();
    const bool has_failed =
        fate.has_ended && fate.verdict.state != NodeState::kSucceeded;
    tally.askable += is_askable;
    tally.failed += has_failed;
    tally.ended += fate.has_ended && is_askable;
    tally.ended_badly += has_failed && is_askable;
    tally.running += !fate.has_ended && fate.job != nullptr;
  }
  return tally;
}

bool IsTooMuch(int64_t failed, int64_t all, double tolerated) {
  // A bit more, as the product may be less than the number that is meant.
  return static_cast<double>(failed) >
         tolerated * static_cast<double>(all) + 1e-6;
}

std::string TooManyFailed(int64_t failed, int64_t all, double tolerated) {
  return absl::StrCat(failed, " of ", Counted(all, "node"),
                      " failed, and failureTolerate is ", tolerated);
}

// Sets `wave` and `paused`. Returns how many nodes more may be asked.
int64_t RoomInWave(const PrepullSpec& spec, const Tally& tally,
                   Rollout& rollout) {
  const int64_t begun = tally.ended + tally.running;
  if (spec.waves.empty()) return tally.askable - begun;
  std::vector<int64_t> ends;
  for (const Share& wave : spec.waves) {
    ends.push_back(std::min(wave.Of(tally.askable), tally.askable));
  }
  if (ends.back() < tally.askable) ends.push_back(tally.askable);
  for (size_t i = 0; i < ends.size(); ++i) {
    rollout.wave = absl::StrCat("wave ", i + 1, " of ", ends.size());
    if (begun < ends[i]) return ends[i] - begun;
    if (begun > ends[i]) continue;
    if (tally.running > 0) return 0;
    if (IsTooMuch(tally.ended_badly, ends[i], spec.failure_tolerate)) {
      rollout.paused = absl::StrCat(
          rollout.wave, ": ",
          TooManyFailed(tally.ended_badly, ends[i], spec.failure_tolerate));
      return 0;
    }
  }
  return 0;
}

}  // namespace

Rollout NextNodes(const PrepullSpec& spec, const std::vector<NodeFate>& fates,
                  int64_t jobs) {
  const Tally tally = TallyOf(fates);
  Rollout rollout;
  // With nobody left to ask there is nothing to hold back.
  const bool has_more =
      std::any_of(fates.begin(), fates.end(),
                  [](const NodeFate& fate) { return !fate.has_ended; });
  if (has_more && IsTooMuch(tally.failed, tally.nodes, spec.failure_tolerate)) {
    rollout.paused =
        TooManyFailed(tally.failed, tally.nodes, spec.failure_tolerate);
  }
  int64_t room = RoomInWave(spec, tally, rollout);
  room = std::min(room, spec.concurrency.Of(tally.nodes) - jobs);
  if (!rollout.paused.empty() || spec.is_suspended) return rollout;
  for (const NodeFate& fate : fates) {
    if (room <= 0) break;
    const bool is_next = !fate.has_ended && fate.job == nullptr &&
                         fate.verdict.state == NodeState::kNotStarted;
    if (!is_next) continue;
    rollout.next.push_back(&fate);
    --room;
  }
  return rollout;
}

}  // namespace prepull
