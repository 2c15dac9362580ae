#include "src/pull/pool.h"

#include <algorithm>
#include <cassert>

namespace prepull {
namespace {

// So many of a registry are compared, so that a long list costs no more.
constexpr int kMaxCompared = 64;

}  // namespace

void Pool::Add(Item item, const std::string& registry, Instant due) {
  lanes_[registry].waiting.emplace(Place(due, added_++), Waiting{item});
  ++waiting_;
}

bool Pool::HasSlot() const {
  return running_ < limits_.pulls + lent_ &&
         (limits_.downloads == 0 || downloading_ < limits_.downloads);
}

bool Pool::HasSlot(const Lane& lane) const {
  return limits_.pulls_of_registry == 0 ||
         lane.running < limits_.pulls_of_registry;
}

Pool::Item Pool::StartNext(Instant now) {
  if (!HasSlot()) return nullptr;
  Candidate best;
  for (auto& [registry, lane] : lanes_) {
    const Candidate found = BestIn(lane, now);
    if (found.lane != nullptr && (best.lane == nullptr || found < best)) {
      best = found;
    }
  }
  if (best.lane == nullptr) return nullptr;
  Lane& lane = *best.lane;
  const Waiting taken = lane.waiting.extract(best.place).mapped();
  rule_.OnStart(taken.item);
  lane.gate.OnStart(now);
  ++lane.running;
  --waiting_;
  ++running_;
  ++downloading_;
  if (!taken.freed_by.empty()) FreeNext(taken.freed_by, lane);
  return taken.item;
}

// Returns the one of `lane` to start now, if any may.
Pool::Candidate Pool::BestIn(Lane& lane, Instant now) {
  Candidate best;
  if (!HasSlot(lane) || !lane.gate.IsOpen(now)) return best;
  ParkDue(lane, now);
  int compared = 0;
  for (const auto& [place, waiting] : lane.waiting) {
    if (place.first > now || ++compared > kMaxCompared) break;
    const Candidate next = {&lane, place, rule_.WeightOf(waiting.item)};
    const bool is_better = best.lane == nullptr || next < best;
    if (is_better && rule_.BlockerOf(waiting.item).empty()) best = next;
  }
  return best;
}

// Moves what is due but may not start yet out of the way.
void Pool::ParkDue(Lane& lane, Instant now) {
  while (!lane.waiting.empty()) {
    const auto first = lane.waiting.begin();
    if (first->first.first > now) return;
    const std::string blocker = rule_.BlockerOf(first->second.item);
    if (blocker.empty()) return;
    auto taken = lane.waiting.extract(first);
    Park(lane, taken.key(), std::move(taken.mapped()), blocker);
  }
}

void Pool::Park(Lane& lane, const Place& place, Waiting waiting,
                const std::string& blocker) {
  parked_[blocker][&lane].emplace(place, waiting.item);
  spaces_[waiting.item] = {blocker, &lane, place};
  if (!waiting.freed_by.empty() && waiting.freed_by != blocker) {
    FreeNext(waiting.freed_by, lane);
  }
}

void Pool::FreeFirst(std::map<Place, Item>& parked, const std::string& blocker,
                     Lane& lane) {
  const auto first = parked.extract(parked.begin());
  spaces_.erase(first.mapped());
  lane.waiting.emplace(first.key(), Waiting{first.mapped(), blocker});
}

void Pool::FreeNext(const std::string& blocker, Lane& lane) {
  const auto parked = parked_.find(blocker);
  if (parked == parked_.end()) return;
  const auto in_lane = parked->second.find(&lane);
  if (in_lane == parked->second.end()) return;
  FreeFirst(in_lane->second, blocker, lane);
  if (in_lane->second.empty()) parked->second.erase(in_lane);
  if (parked->second.empty()) parked_.erase(parked);
}

void Pool::Free(const std::string& blocker) {
  const auto parked = parked_.find(blocker);
  if (parked == parked_.end()) return;
  std::vector<Lane*> lanes;
  for (const auto& [lane, items] : parked->second) lanes.push_back(lane);
  for (Lane* lane : lanes) FreeNext(blocker, *lane);
}

void Pool::FreeAll(const std::string& blocker) {
  auto parked = parked_.extract(blocker);
  if (parked.empty()) return;
  for (auto& [lane, items] : parked.mapped()) {
    while (!items.empty()) FreeFirst(items, "", *lane);
  }
}

void Pool::Reconsider(Item item) {
  const auto space = spaces_.find(item);
  if (space == spaces_.end()) return;
  const auto [blocker, lane, place] = space->second;
  spaces_.erase(space);
  Parked& parked = parked_.at(blocker);
  std::map<Place, Item>& items = parked.at(lane);
  items.erase(place);
  if (items.empty()) parked.erase(lane);
  if (parked.empty()) parked_.erase(blocker);
  lane->waiting.emplace(place, Waiting{item});
}

void Pool::Release(const std::string& registry, bool is_downloading) {
  Lane& lane = lanes_[registry];
  assert(lane.running > 0 && running_ > 0);
  --lane.running;
  --running_;
  if (is_downloading) ReleaseDownload();
}

Instant Pool::NextChange(Instant now) const {
  Instant next = Instant::Never();
  if (!HasSlot()) return next;
  for (const auto& [registry, lane] : lanes_) {
    if (lane.waiting.empty() || !HasSlot(lane)) continue;
    const Instant due = lane.waiting.begin()->first.first;
    const Instant opens =
        lane.gate.IsOpen(now) ? now : lane.gate.NextChange(now);
    next = std::min(next, std::max(due, opens));
  }
  return next;
}

std::vector<Pool::Item> Pool::RemoveShutOut(Instant when) {
  std::vector<Item> items;
  for (auto& [registry, lane] : lanes_) {
    if (!lane.gate.StaysClosedUntil(when)) continue;
    for (Item item : ParkedIn(lane)) Reconsider(item);
    for (const auto& [place, waiting] : lane.waiting) {
      items.push_back(waiting.item);
    }
    lane.waiting.clear();
  }
  waiting_ -= items.size();
  std::sort(items.begin(), items.end());
  return items;
}

std::vector<Pool::Item> Pool::ParkedIn(const Lane& lane) const {
  std::vector<Item> items;
  for (const auto& [item, space] : spaces_) {
    if (space.lane == &lane) items.push_back(item);
  }
  return items;
}

RegistryGate& Pool::gate(const std::string& registry) {
  return lanes_[registry].gate;
}

}  // namespace prepull
