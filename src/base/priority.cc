#include "prepull/base/priority.h"

#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"

namespace prepull {
namespace {

// What the kernel takes for best-effort where no level is named.
constexpr int kMiddleLevel = 4;

}  // namespace

absl::Status SetPriority(const Priority& priority) {
  absl::Status status;
  if (priority.nice && setpriority(PRIO_PROCESS, 0, *priority.nice) != 0) {
    status = ErrnoStatus(errno, absl::StrCat("set nice to ", *priority.nice));
  }
  if (!priority.io_class && !priority.io_level) return status;
  const IoClass io_class = priority.io_class.value_or(IoClass::kBestEffort);
  const bool has_levels =
      io_class == IoClass::kRealtime || io_class == IoClass::kBestEffort;
  const int level = has_levels ? priority.io_level.value_or(kMiddleLevel) : 0;
  // glibc has no name for it.
  if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
              IOPRIO_PRIO_VALUE(static_cast<int>(io_class), level)) != 0) {
    status.Update(ErrnoStatus(errno, "set the I/O priority"));
  }
  return status;
}

}  // namespace prepull
