// Holds back all pulls from a registry that answered "too many requests".
//
// A rate limit closes the gate for 30 s, doubling to 5 min, or for as long as
// the registry asked. Then one pull goes as a probe; when it gets anything
// but another rate limit, or still runs after half a minute, the gate is
// open. Pure: time comes in. Not thread-safe.
#ifndef PREPULL_SRC_PULL_REGISTRY_GATE_H_
#define PREPULL_SRC_PULL_REGISTRY_GATE_H_

#include <optional>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "src/pull/error_class.h"

namespace prepull {

class RegistryGate {
 public:
  // Whether a pull may start now.
  bool IsOpen(Instant now) const;

  // When that will change by itself; Never if it is open or only the probe's
  // answer can change it.
  Instant NextChange(Instant now) const;

  // Whether no pull may start before `when`, whatever happens until then.
  bool StaysClosedUntil(Instant when) const {
    return state_ == State::kClosed && closed_until_ >= when;
  }

  // A pull starts; IsOpen(now) holds.
  void OnStart(Instant now);

  // A pull that started at `started` was answered with anything but a rate
  // limit.
  void OnAnswer(Instant started);

  // A pull that started at `started` ran into the rate limit. `dice` in
  // [0, 1) spreads a fleet by up to a quarter, never to less than was asked.
  void OnRateLimit(Instant now, Instant started,
                   std::optional<absl::Duration> retry_after, double dice);

  // The pull that was the probe ended without an answer of the registry.
  void OnNoAnswer(Instant started);

  // A pull that started at `started` failed with `error`: one of the above.
  void OnFailure(const ErrorClass& error, Instant now, Instant started,
                 double dice);

 private:
  enum class State { kOpen, kClosed, kProbing };

  State state_ = State::kOpen;
  int times_closed_ = 0;  // in a row
  Instant closed_at_;     // pulls from before tell nothing new
  Instant closed_until_;
  Instant probe_started_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_REGISTRY_GATE_H_
