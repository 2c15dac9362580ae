// How long the downloads of the attempt after a cut one may rest.
#include <gtest/gtest.h>

#include "prepull/progress/stall_detector.h"
#include "test/progress/window_times.h"

namespace prepull {
namespace {

constexpr int64_t kGB = 1'000'000'000;

TEST(NextWindowTest, IsTheTimeOfFourStepsAtTheRateOfTheCutAttempt) {
  struct Row {
    const char* what;
    absl::Duration last_window;
    int64_t gained_bytes;
    absl::Duration took;
    absl::Duration next;
  };
  const Row kRows[] = {
      {"much: as fast as the first", kMinute, kGB, kMinute, kFive},
      {"little", kMinute, 4 * kMiB, 90 * kSecond, 90 * kSecond},
      {"little: doubled at most", kFive, kMiB, kMinute, 2 * kFive},
      {"none", kFive, 0, kFive, 2 * kFive},
      {"none: 5 min at most", 4 * kMinute, 0, kMinute, 5 * kMinute},
      {"a download began anew", kFive, -kMiB, kMinute, 2 * kFive},
      {"cut at once", kMinute, kMiB, absl::ZeroDuration(), kFive},
  };

  for (const auto& [what, last_window, gained_bytes, took, next] : kRows) {
    EXPECT_EQ(NextWindow(last_window, kFive, gained_bytes, took), next) << what;
  }
  EXPECT_EQ(NextWindow(kHour, kHour, 0, kHour), kHour);
}

}  // namespace
}  // namespace prepull
