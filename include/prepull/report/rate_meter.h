// Measures how fast bytes arrive, over about the last ten seconds. Pure.
//
// Runtimes report downloads in steps of 1 MiB, read once a second, so the rate
// of a shorter window would jump. At most a dozen samples are kept, however
// often Add is called.
#ifndef PREPULL_REPORT_RATE_METER_H_
#define PREPULL_REPORT_RATE_METER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "prepull/base/clock.h"

namespace prepull {

class RateMeter {
 public:
  // Adds the total of `bytes` at `now`, which must not decrease.
  //
  // If the bytes decrease, the download has started again and older samples
  // are dropped. The rate does not include the bytes of the first sample,
  // because these arrived at an unknown rate.
  void Add(Instant now, int64_t bytes);

  void Clear() { samples_.clear(); }

  // Returns nothing during the first two seconds, 0 if no byte arrived in the
  // window.
  std::optional<int64_t> BytesPerSecond() const;

 private:
  struct Sample {
    Instant at;
    int64_t bytes = 0;
  };

  std::vector<Sample> samples_;  // oldest first
};

}  // namespace prepull

#endif  // PREPULL_REPORT_RATE_METER_H_
