// Says why another process may not be looked into.
// Source: ptrace(2),
// https://www.kernel.org/doc/html/latest/admin-guide/LSM/Yama.html
#ifndef PREPULL_SRC_RUNTIME_ACCESS_DENIAL_H_
#define PREPULL_SRC_RUNTIME_ACCESS_DENIAL_H_

#include <sys/types.h>

#include "absl/status/status.h"

namespace prepull {

struct AccessRights {
  bool has_ptrace_capability = false;
  int ptrace_scope = 0;  // Yama's; 3 forbids it to everybody
};

// Returns those of this thread; without Yama the scope is 0.
AccessRights OwnAccessRights();

// Returns PERMISSION_DENIED with what stands in the way to process `pid`. Pure.
absl::Status AccessDenial(pid_t pid, const AccessRights& rights);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_ACCESS_DENIAL_H_
