// How long the calls of one step of a run may take in all.
//
// A stop cancels the call that runs. Those after it have a moment more, and
// the same stop does not cancel them.
// Not thread-safe.
#ifndef PREPULL_NODE_CALL_BUDGET_H_
#define PREPULL_NODE_CALL_BUDGET_H_

#include <algorithm>
#include <stop_token>
#include <utility>

#include "absl/time/time.h"
#include "prepull/base/clock.h"

namespace prepull {

class CallBudget {
 public:
  // Ends at `until`, or `after_stop` later than a stop is noticed.
  CallBudget(const Clock& clock, Instant until, std::stop_token stop,
             absl::Duration after_stop)
      : clock_(clock),
        until_(until),
        stop_(std::move(stop)),
        after_stop_(after_stop) {}

  // Returns what is left; zero or less once it has ended. Notices a stop.
  absl::Duration Left() {
    const Instant now = clock_.Now();
    if (stop_.stop_requested()) {
      until_ = std::min(until_, now + after_stop_);
      stop_ = {};
    }
    return until_ - now;
  }

  // What cancels the next call. Empty after a stop that Left has noticed.
  const std::stop_token& stop() const { return stop_; }

 private:
  const Clock& clock_;
  Instant until_;
  std::stop_token stop_;
  const absl::Duration after_stop_;
};

}  // namespace prepull

#endif  // PREPULL_NODE_CALL_BUDGET_H_
