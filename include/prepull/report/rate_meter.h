// How fast bytes arrive, over about the last ten seconds.
//
// Runtimes report downloads in steps of 1 MiB, looked at once a second, so a
// shorter window would jump. Pure: fed with moments and totals. At most a
// dozen samples are kept, however often it is fed.
#ifndef PREPULL_REPORT_RATE_METER_H_
#define PREPULL_REPORT_RATE_METER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "prepull/base/clock.h"

namespace prepull {

class RateMeter {
 public:
  // `bytes` are there at `now`, which never goes back.
  //
  // Bytes that fall are a download begun anew: what was seen before is
  // forgotten. Measuring begins with the first bytes, because those were
  // there already or came at an unknown pace.
  void Add(Instant now, int64_t bytes);

  void Clear() { samples_.clear(); }

  // Nothing until two seconds have been seen; 0 if no byte came in the window.
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
