#include "src/pull/pool.h"

#include <algorithm>
#include <cassert>

namespace prepull {

void Pool::Add(Item item, const std::string& registry,
               const std::string& alone_in, Instant due) {
  lanes_[registry].waiting.emplace(Place(due, added_++),
                                   Waiting{item, alone_in});
  ++waiting_;
}

bool Pool::HasSlot(const Lane& lane) const {
  return registry_concurrency_ == 0 || lane.running < registry_concurrency_;
}

// Moves what is due but may not start yet out of the way.
void Pool::ParkDue(Lane& lane, Instant now) {
  while (!lane.waiting.empty()) {
    const auto first = lane.waiting.begin();
    if (first->first.first > now) return;
    const auto held = held_.find(first->second.alone_in);
    if (held == held_.end() || held->second.holder == first->second.item) {
      return;
    }
    held->second.parked.insert(lane.waiting.extract(first));
  }
}

Pool::Item Pool::StartNext(Instant now) {
  if (running_ >= concurrency_) return nullptr;
  Lane* best = nullptr;
  for (auto& [registry, lane] : lanes_) {
    ParkDue(lane, now);
    if (lane.waiting.empty() || !HasSlot(lane)) continue;
    const Place& first = lane.waiting.begin()->first;
    if (first.first > now || !lane.gate.IsOpen(now)) continue;
    if (best == nullptr || first < best->waiting.begin()->first) best = &lane;
  }
  if (best == nullptr) return nullptr;
  const Waiting taken = best->waiting.begin()->second;
  best->waiting.erase(best->waiting.begin());
  if (!taken.alone_in.empty()) {
    held_.try_emplace(taken.alone_in, Repository{taken.item, best, {}});
  }
  best->gate.OnStart(now);
  ++best->running;
  --waiting_;
  ++running_;
  return taken.item;
}

void Pool::LetOthersIn(Item item, const std::string& repository) {
  const auto held = held_.find(repository);
  if (held == held_.end() || held->second.holder != item) return;
  auto& [holder, lane, parked] = held->second;
  if (parked.empty()) {
    held_.erase(held);
    return;
  }
  const auto next = parked.begin();
  holder = next->second.item;
  lane->waiting.insert(parked.extract(next));
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

void Pool::RemoveParked(const Lane& lane, std::vector<Item>& items) {
  for (auto& [repository, held] : held_) {
    if (held.lane != &lane) continue;
    for (const auto& [place, parked] : held.parked) {
      items.push_back(parked.item);
    }
    held.parked.clear();
  }
}

std::vector<Pool::Item> Pool::RemoveShutOut(Instant when) {
  std::vector<Item> items;
  for (auto& [registry, lane] : lanes_) {
    if (!lane.gate.StaysClosedUntil(when)) continue;
    // A pull that held a repository lets the next in, which is shut out, too.
    while (!lane.waiting.empty()) {
      const Waiting waiting =
          lane.waiting.extract(lane.waiting.begin()).mapped();
      items.push_back(waiting.item);
      LetOthersIn(waiting.item, waiting.alone_in);
    }
    RemoveParked(lane, items);
  }
  waiting_ -= items.size();
  std::sort(items.begin(), items.end());
  return items;
}

RegistryGate& Pool::gate(const std::string& registry) {
  return lanes_[registry].gate;
}

}  // namespace prepull
