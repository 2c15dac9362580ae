// Told of everything that happens in a run, as it happens.
//
// Called from the engine's thread only, so observers need no lock; they must
// not block, because the pool waits for them.
#ifndef PREPULL_RUN_RUN_OBSERVER_H_
#define PREPULL_RUN_RUN_OBSERVER_H_

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/run/run.h"

namespace prepull {

class RunObserver {
 public:
  virtual ~RunObserver() = default;

  // The run begins: nothing is known of its list yet.
  virtual void OnStarted(const Run&) {}

  // The list is known.
  virtual void OnListKnown(const Run&) {}

  // The plan stands: what is on the node is Skipped, the rest is Waiting.
  virtual void OnPlanned(const Run&) {}

  // An attempt began.
  virtual void OnAttempt(const Run&, const ImageOutcome&) {}

  // An attempt failed and the next one comes in `delay`.
  virtual void OnRetry(const Run&, const ImageOutcome&, absl::Duration) {}

  // The image reached its end. The last look at the node may bring it to
  // another one, and then this is called again.
  virtual void OnEnded(const Run&, const ImageOutcome&) {}

  // The run has ended: nothing of it changes any more.
  virtual void OnRunEnded(const Run&) {}

  // The last call: what had to be tidied up after the run is.
  virtual void OnFinished(const Run&, Instant) {}

  // Called after every change and when the time has come that was returned
  // last: when to be called again, should nothing happen until then.
  virtual Instant OnTurn(const Run&, Instant) { return Instant::Never(); }
};

}  // namespace prepull

#endif  // PREPULL_RUN_RUN_OBSERVER_H_
