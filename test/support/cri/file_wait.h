// Waits for what only the kernel knows: it is asked every millisecond, up to
// a generous bound.
#ifndef PREPULL_TEST_SUPPORT_CRI_FILE_WAIT_H_
#define PREPULL_TEST_SUPPORT_CRI_FILE_WAIT_H_

#include <filesystem>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace prepull {

template <typename Condition>
bool AskUntil(Condition condition) {
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (!condition()) {
    if (absl::Now() >= give_up) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

inline bool WaitUntilFileExists(const std::string& path) {
  return AskUntil([&path] { return std::filesystem::exists(path); });
}

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_FILE_WAIT_H_
