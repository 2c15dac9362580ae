// Which image starts next.
//
// Work-conserving: a slot is taken only while a pull runs, and is never left
// empty while anything is due. What waits (for its first attempt, a retry, a
// closed registry gate) waits here by due time and holds no slot; ties go in
// the order of Add, so the order of the list is the order of pulling.
// Pure: time comes in. Not thread-safe.
#ifndef PREPULL_PULL_POOL_H_
#define PREPULL_PULL_POOL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "prepull/base/clock.h"
#include "src/pull/registry_gate.h"

namespace prepull {

class Pool {
 public:
  // `registry_concurrency`: 0 = no limit of its own.
  Pool(int concurrency, int registry_concurrency)
      : concurrency_(concurrency),
        registry_concurrency_(registry_concurrency) {}

  // Queues `image` (the caller's number for it) until `due`.
  void Add(size_t image, const std::string& registry, Instant due);

  // The image to start now, which takes a slot; nothing if none is due, none
  // may start or no slot is free.
  std::optional<size_t> Take(Instant now);

  // The pull of an image of `registry` ended: its slot is free.
  void Release(const std::string& registry);

  // When Take may have something without a Release before; Never if only a
  // Release can change that.
  Instant NextChange(Instant now) const;

  RegistryGate& gate(const std::string& registry);
  int running() const { return running_; }
  bool is_idle() const { return running_ == 0 && waiting_ == 0; }

 private:
  using Place = std::pair<Instant, uint64_t>;  // due time, order of Add

  // The images of one registry.
  struct Lane {
    std::map<Place, size_t> waiting;
    int running = 0;
    RegistryGate gate;
  };

  bool HasSlot(const Lane& lane) const;

  const int concurrency_;
  const int registry_concurrency_;
  std::map<std::string, Lane> lanes_;
  uint64_t added_ = 0;
  size_t waiting_ = 0;
  int running_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_PULL_POOL_H_
