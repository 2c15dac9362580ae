// Told of everything that happens in a run, as it happens.
//
// Called from the engine's thread only, so observers need no lock; they must
// not block, because the pool waits for them.
#ifndef PREPULL_RUN_RUN_OBSERVER_H_
#define PREPULL_RUN_RUN_OBSERVER_H_

#include <algorithm>
#include <utility>
#include <vector>

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

// Forwards each event to several observers, in order.
class Observers : public RunObserver {
 public:
  explicit Observers(std::vector<RunObserver*> observers)
      : observers_(std::move(observers)) {}

  void OnStarted(const Run& run) override {
    for (RunObserver* each : observers_) each->OnStarted(run);
  }
  void OnListKnown(const Run& run) override {
    for (RunObserver* each : observers_) each->OnListKnown(run);
  }
  void OnPlanned(const Run& run) override {
    for (RunObserver* each : observers_) each->OnPlanned(run);
  }
  void OnAttempt(const Run& run, const ImageOutcome& image) override {
    for (RunObserver* each : observers_) each->OnAttempt(run, image);
  }
  void OnRetry(const Run& run, const ImageOutcome& image,
               absl::Duration delay) override {
    for (RunObserver* each : observers_) each->OnRetry(run, image, delay);
  }
  void OnEnded(const Run& run, const ImageOutcome& image) override {
    for (RunObserver* each : observers_) each->OnEnded(run, image);
  }
  void OnRunEnded(const Run& run) override {
    for (RunObserver* each : observers_) each->OnRunEnded(run);
  }
  void OnFinished(const Run& run, Instant now) override {
    for (RunObserver* each : observers_) each->OnFinished(run, now);
  }
  Instant OnTurn(const Run& run, Instant now) override {
    Instant next = Instant::Never();
    for (RunObserver* each : observers_) {
      next = std::min(next, each->OnTurn(run, now));
    }
    return next;
  }

 private:
  const std::vector<RunObserver*> observers_;
};

}  // namespace prepull

#endif  // PREPULL_RUN_RUN_OBSERVER_H_
