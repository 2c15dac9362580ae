// Several observers as one: each is told, in order.
#ifndef PREPULL_SRC_CLI_OBSERVERS_H_
#define PREPULL_SRC_CLI_OBSERVERS_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "prepull/run/run_observer.h"

namespace prepull {

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

#endif  // PREPULL_SRC_CLI_OBSERVERS_H_
