// How much of the CPU and the disk this process asks for beside others.
//
// It is our own process that is meant: the runtime does the pulling, so the
// number of pulls at once is the real brake.
// Source: setpriority(2), ioprio_set(2)
#ifndef PREPULL_BASE_PRIORITY_H_
#define PREPULL_BASE_PRIORITY_H_

#include <optional>

#include "absl/status/status.h"

namespace prepull {

// The kernel's numbers (linux/ioprio.h).
enum class IoClass { kNone = 0, kRealtime = 1, kBestEffort = 2, kIdle = 3 };

struct Priority {
  std::optional<int> nice = std::nullopt;  // -20 to 19
  std::optional<IoClass> io_class = std::nullopt;
  std::optional<int> io_level = std::nullopt;  // 0 to 7, 0 is the highest
};

// Sets what is given for the calling thread and those it starts from then on.
// A level without a class is one of the class best-effort. What can be set is
// set, also after an error: the first one, as errno says; PERMISSION_DENIED
// below the present niceness, or realtime, without root's rights.
absl::Status SetPriority(const Priority& priority);

}  // namespace prepull

#endif  // PREPULL_BASE_PRIORITY_H_
