#include "src/pull/pool.h"

#include <algorithm>
#include <cassert>

namespace prepull {

void Pool::Add(size_t image, const std::string& registry,
               const std::string& alone_in, Instant due) {
  lanes_[registry].waiting.emplace(Place(due, added_++),
                                   Waiting{image, alone_in});
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
    if (held == held_.end() || held->second.holder == first->second.image) {
      return;
    }
    held->second.parked.insert(lane.waiting.extract(first));
  }
}

std::optional<size_t> Pool::Take(Instant now) {
  if (running_ >= concurrency_) return std::nullopt;
  Lane* best = nullptr;
  for (auto& [registry, lane] : lanes_) {
    ParkDue(lane, now);
    if (lane.waiting.empty() || !HasSlot(lane)) continue;
    const Place& first = lane.waiting.begin()->first;
    if (first.first > now || !lane.gate.IsOpen(now)) continue;
    if (best == nullptr || first < best->waiting.begin()->first) best = &lane;
  }
  if (best == nullptr) return std::nullopt;
  const Waiting taken = best->waiting.begin()->second;
  best->waiting.erase(best->waiting.begin());
  if (!taken.alone_in.empty()) {
    held_.try_emplace(taken.alone_in, Repository{taken.image, best, {}});
  }
  best->gate.OnStart(now);
  ++best->running;
  --waiting_;
  ++running_;
  return taken.image;
}

void Pool::LetOthersIn(size_t image, const std::string& repository) {
  const auto held = held_.find(repository);
  if (held == held_.end() || held->second.holder != image) return;
  auto& [holder, lane, parked] = held->second;
  if (parked.empty()) {
    held_.erase(held);
    return;
  }
  const auto next = parked.begin();
  holder = next->second.image;
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

void Pool::TakeParked(const Lane& lane, std::vector<size_t>& images) {
  for (auto& [repository, held] : held_) {
    if (held.lane != &lane) continue;
    for (const auto& [place, parked] : held.parked) {
      images.push_back(parked.image);
    }
    held.parked.clear();
  }
}

std::vector<size_t> Pool::TakeShutOut(Instant when) {
  std::vector<size_t> images;
  for (auto& [registry, lane] : lanes_) {
    if (!lane.gate.StaysClosedUntil(when)) continue;
    // Who held a repository lets the next one in, which is shut out as well.
    while (!lane.waiting.empty()) {
      const Waiting waiting =
          lane.waiting.extract(lane.waiting.begin()).mapped();
      images.push_back(waiting.image);
      LetOthersIn(waiting.image, waiting.alone_in);
    }
    TakeParked(lane, images);
  }
  waiting_ -= images.size();
  std::sort(images.begin(), images.end());
  return images;
}

RegistryGate& Pool::gate(const std::string& registry) {
  return lanes_[registry].gate;
}

}  // namespace prepull
