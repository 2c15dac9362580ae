// The times and sizes in which the tests of the stall window count.
#ifndef PREPULL_TEST_PULL_WINDOW_TIMES_H_
#define PREPULL_TEST_PULL_WINDOW_TIMES_H_

#include <cstdint>

#include "absl/time/time.h"

namespace prepull {

constexpr int64_t kMiB = 1 << 20;
constexpr absl::Duration kSecond = absl::Seconds(1);
constexpr absl::Duration kFive = absl::Seconds(5);  // the stall timeout
constexpr absl::Duration kMinute = absl::Minutes(1);
constexpr absl::Duration kHour = absl::Hours(1);

}  // namespace prepull

#endif  // PREPULL_TEST_PULL_WINDOW_TIMES_H_
