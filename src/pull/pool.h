// Which image starts next.
//
// Work-conserving: a slot is taken only while a pull runs, and is never left
// empty while anything is due. What waits (for its first attempt, a retry, a
// closed registry gate) waits here by due time and holds no slot; ties go in
// the order of Add, so the order of the list is the order of pulling. A pull
// may ask to be the only one of its repository until it lets others in.
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

class Pool {
 public:
  // `registry_concurrency`: 0 = no limit of its own.
  Pool(int concurrency, int registry_concurrency)
      : concurrency_(concurrency),
        registry_concurrency_(registry_concurrency) {}

  // Items of one array: the pool only compares them.
  using Item = PullItem*;

  // Queues `item` until `due`. `alone_in`: the repository of which no other
  // such pull may run; empty = none.
  void Add(Item item, const std::string& registry, const std::string& alone_in,
           Instant due);

  // Returns the item to start now, which takes a slot; null if none is due,
  // none may start or no slot is free.
  Item StartNext(Instant now);

  // The next pull that wants to be alone in `repository` may start, if it was
  // `item` that kept it waiting.
  void LetOthersIn(Item item, const std::string& repository);

  // The pull of an image of `registry` ended: its slot is free.
  void Release(const std::string& registry);

  // When StartNext may have something without a Release before; Never if only a
  // Release can change that.
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
    std::string alone_in;
  };

  // The images of one registry.
  struct Lane {
    std::map<Place, Waiting> waiting;
    int running = 0;
    RegistryGate gate;
  };

  // A repository that one pull has for itself: it runs, or it is the next to
  // start. The others are parked when they are due.
  struct Repository {
    Item holder;
    Lane* lane;
    std::map<Place, Waiting> parked;
  };

  bool HasSlot(const Lane& lane) const;
  void ParkDue(Lane& lane, Instant now);
  void RemoveParked(const Lane& lane, std::vector<Item>& items);

  const int concurrency_;
  const int registry_concurrency_;
  std::map<std::string, Lane> lanes_;
  std::unordered_map<std::string, Repository> held_;  // repositories
  uint64_t added_ = 0;
  size_t waiting_ = 0;
  int running_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_POOL_H_
