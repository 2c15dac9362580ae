// Measures how fast bytes arrive, over a window of time. Pure.
//
// At most a dozen samples are kept, however often Add is called.
#ifndef PREPULL_REPORT_RATE_METER_H_
#define PREPULL_REPORT_RATE_METER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "prepull/base/clock.h"

namespace prepull {

class RateMeter {
 public:
  // For downloads that a runtime reports in steps of 1 MiB, read once a second,
  // and for those of which only the end is known, image by image: the rate of a
  // shorter window would jump.
  static constexpr absl::Duration kForSteps = absl::Seconds(10);
  static constexpr absl::Duration kForImages = absl::Minutes(2);

  explicit RateMeter(absl::Duration window = kForSteps) : window_(window) {}

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

  absl::Duration window_;
  std::vector<Sample> samples_;  // oldest first
};

}  // namespace prepull

#endif  // PREPULL_REPORT_RATE_METER_H_
