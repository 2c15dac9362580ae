// The times and sizes in which the tests of the stall window count.
#ifndef PREPULL_TEST_PROGRESS_WINDOW_TIMES_H_
#define PREPULL_TEST_PROGRESS_WINDOW_TIMES_H_

#include <cstdint>

#include "absl/time/time.h"

namespace prepull {

inline constexpr int64_t kMiB = 1 << 20;
inline constexpr absl::Duration kSecond = absl::Seconds(1);
inline constexpr absl::Duration kFive = absl::Seconds(5);  // the stall timeout
inline constexpr absl::Duration kMinute = absl::Minutes(1);
inline constexpr absl::Duration kHour = absl::Hours(1);

}  // namespace prepull

#endif  // PREPULL_TEST_PROGRESS_WINDOW_TIMES_H_
