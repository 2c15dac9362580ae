// The CPU and I/O priority of this process.
//
// Not that of the runtime, which does the pulling: the number of concurrent
// pulls is what really limits the load.
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

// Sets the given values for the calling thread and those it starts from then
// on. A level without a class means best-effort. Sets what it can, also after
// an error. Errors: the first, as errno says; PERMISSION_DENIED  below the
// current niceness, or realtime, without root's rights.
absl::Status SetPriority(const Priority& priority);

}  // namespace prepull

#endif  // PREPULL_BASE_PRIORITY_H_
