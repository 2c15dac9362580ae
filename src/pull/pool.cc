#include "src/pull/pool.h"

#include <algorithm>
#include <cassert>

namespace prepull {

void Pool::Add(size_t image, const std::string& registry, Instant due) {
  lanes_[registry].waiting.emplace(Place(due, added_++), image);
  ++waiting_;
}

bool Pool::HasSlot(const Lane& lane) const {
  return registry_concurrency_ == 0 || lane.running < registry_concurrency_;
}

std::optional<size_t> Pool::Take(Instant now) {
  if (running_ >= concurrency_) return std::nullopt;
  Lane* best = nullptr;
  for (auto& [registry, lane] : lanes_) {
    if (lane.waiting.empty() || !HasSlot(lane)) continue;
    const Place& first = lane.waiting.begin()->first;
    if (first.first > now || !lane.gate.IsOpen(now)) continue;
    if (best == nullptr || first < best->waiting.begin()->first) best = &lane;
  }
  if (best == nullptr) return std::nullopt;
  const auto first = best->waiting.begin();
  const size_t image = first->second;
  best->waiting.erase(first);
  best->gate.OnStart(now);
  ++best->running;
  --waiting_;
  ++running_;
  return image;
}

void Pool::Release(const std::string& registry) {
  Lane& lane = lanes_[registry];
  assert(lane.running > 0 && running_ > 0);
  --lane.running;
  --running_;
}

Instant Pool::NextChange(Instant now) const {
  Instant next = Instant::Never();
  if (running_ >= concurrency_) return next;
  for (const auto& [registry, lane] : lanes_) {
    if (lane.waiting.empty() || !HasSlot(lane)) continue;
    const Instant due = lane.waiting.begin()->first.first;
    const Instant opens =
        lane.gate.IsOpen(now) ? now : lane.gate.NextChange(now);
    next = std::min(next, std::max(due, opens));
  }
  return next;
}

RegistryGate& Pool::gate(const std::string& registry) {
  return lanes_[registry].gate;
}

}  // namespace prepull
