// Which image starts next.
//
// Work-conserving: a slot is taken only while a pull runs, and is never left
// empty while an image is due and may start. What waits (for its first attempt,
// a retry, a closed registry gate) waits here by due time and holds no slot;
// ties go in the order of Add, so the order of the list is the order of
// pulling, but what most others wait for goes first. An image that is blocked
// by what runs is parked until that is freed.
// Pure: time comes in. Not thread-safe.
#ifndef PREPULL_SRC_PULL_POOL_H_
#define PREPULL_SRC_PULL_POOL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "prepull/base/clock.h"
#include "src/pull/registry_gate.h"

namespace prepull {

struct PullItem;

// Says which images may not run beside each other.
class StartRule {
 public:
  // Items of one array: the pool only compares them.
  using Item = PullItem*;

  virtual ~StartRule() = default;

  // Returns the name of what keeps `item` from starting now; empty if it may
  // start. Once that may have changed the pool has to be told by Free.
  virtual std::string BlockerOf(Item item) const = 0;

  // Returns how much `item` keeps others waiting.
  virtual size_t WeightOf(Item) const { return 0; }

  // `item` starts.
  virtual void OnStart(Item item) = 0;
};

class Pool {
 public:
  using Item = StartRule::Item;

  struct Limits {
    int pulls = 10;
    int pulls_of_registry = 0;  // 0 = no limit of its own
    int downloads = 0;          // pulls that still download; 0 = no own limit
  };

  // `rule` must outlive the pool.
  Pool(const Limits& limits, StartRule& rule) : limits_(limits), rule_(rule) {}

  // Queues `item` until `due`.
  void Add(Item item, const std::string& registry, Instant due);

  // Returns the item to start now, which takes a slot; null if none is due,
  // none may start or no slot is free.
  Item StartNext(Instant now);

  // `blocker` lets one of those that it blocked start, and the next one once
  // that has started or has found another blocker.
  void Free(const std::string& blocker);

  // `blocker` is gone.
  void FreeAll(const std::string& blocker);

  // The blocker of `item` may have changed.
  void Reconsider(Item item);

  // So many pulls more than the limit may run from now on: as many wait for
  // nothing but a stuck connection.
  void Lend(int slots) { lent_ = slots; }

  // A running pull downloads no more: others may.
  void ReleaseDownload() { --downloading_; }

  // The pull of an image of `registry` ended: its slot is free.
  // `is_downloading`: it has not released that before.
  void Release(const std::string& registry, bool is_downloading);

  // When StartNext may have something without a Release or Free before; Never
  // if only these can change that.
  Instant NextChange(Instant now) const;

  // Removes and returns every item that may not start before `when`, because
  // its registry's gate stays closed, in the order of the array.
  std::vector<Item> RemoveShutOut(Instant when);

  RegistryGate& gate(const std::string& registry);
  int running() const { return running_; }
  bool is_idle() const { return running_ == 0 && waiting_ == 0; }

 private:
  using Place = std::pair<Instant, uint64_t>;  // due time, order of Add

  struct Waiting {
    Item item;
    std::string freed_by = "";  // the next that it blocked waits for this one
  };

  // The images of one registry.
  struct Lane {
    std::map<Place, Waiting> waiting;
    int running = 0;
    RegistryGate gate;
  };

  // Those that a blocker keeps waiting; of each lane only its first is freed.
  using Parked = std::map<Lane*, std::map<Place, Item>>;

  struct ParkingSpace {
    std::string blocker;
    Lane* lane;
    Place place;
  };

  // What could start now.
  struct Candidate {
    Lane* lane = nullptr;
    Place place = {};
    size_t weight = 0;

    // Whether it goes before `other`.
    bool operator<(const Candidate& other) const {
      return weight > other.weight ||
             (weight == other.weight && place < other.place);
    }
  };

  bool HasSlot() const;
  bool HasSlot(const Lane& lane) const;
  void ParkDue(Lane& lane, Instant now);
  void Park(Lane& lane, const Place& place, Waiting waiting,
            const std::string& blocker);
  void FreeNext(const std::string& blocker, Lane& lane);
  void FreeFirst(std::map<Place, Item>& parked, const std::string& blocker,
                 Lane& lane);
  Candidate BestIn(Lane& lane, Instant now);
  std::vector<Item> ParkedIn(const Lane& lane) const;

  const Limits limits_;
  int lent_ = 0;
  StartRule& rule_;
  std::map<std::string, Lane> lanes_;
  std::unordered_map<std::string, Parked> parked_;  // by blocker
  std::unordered_map<Item, ParkingSpace> spaces_;
  uint64_t added_ = 0;
  size_t waiting_ = 0;
  int running_ = 0;
  int downloading_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_POOL_H_
