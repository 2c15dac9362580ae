// How fast the controller may write: a bucket that fills with time. Pure.
#ifndef PREPULL_SRC_CONTROLLER_WRITE_BUDGET_H_
#define PREPULL_SRC_CONTROLLER_WRITE_BUDGET_H_

#include "prepull/base/clock.h"

namespace prepull {

class WriteBudget {
 public:
  // The bucket is full at first.
  WriteBudget(double per_second, double burst)
      : per_second_(per_second), burst_(burst), left_(burst) {}

  // Takes one write. Returns whether there was one left.
  bool Take(Instant now);

  // Returns when there is one again.
  Instant NextAt() const;

 private:
  const double per_second_;
  const double burst_;
  double left_;
  Instant filled_at_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_WRITE_BUDGET_H_
