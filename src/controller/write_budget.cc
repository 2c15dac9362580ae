#include "src/controller/write_budget.h"

#include <algorithm>

namespace prepull {

bool WriteBudget::Take(Instant now) {
  const double since = absl::ToDoubleSeconds(now - filled_at_);
  left_ = std::min(burst_, left_ + since * per_second_);
  filled_at_ = now;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

Instant WriteBudget::NextAt() const {
  const double missing = std::max(1 - left_, 0.0);
  // A bit later than it is computed, as it may be rounded down.
  return filled_at_ + absl::Seconds(missing / per_second_) +
         absl::Nanoseconds(1);
}

}  // namespace prepull
