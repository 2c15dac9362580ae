// The children of a process that run the same program: CRI-O may pull in one.
//
// What else a runtime starts (conmon, runc, shims) has other executables.
#ifndef PREPULL_SRC_RUNTIME_PROCESS_CHILDREN_H_
#define PREPULL_SRC_RUNTIME_PROCESS_CHILDREN_H_

#include <sys/types.h>

#include <vector>

#include "src/runtime/other_process.h"

namespace prepull {

// Returns the numbers of those that may be children: as the kernel lists them,
// where it was built to; otherwise all processes.
std::vector<pid_t> ListedChildren(const OtherProcess& parent);
std::vector<pid_t> AllProcesses();

// Makes `children` those among `candidates` that are; who stays is not opened
// again. One that may not be looked into is left out.
void UpdateChildren(const OtherProcess& parent,
                    const std::vector<pid_t>& candidates,
                    std::vector<OtherProcess>& children);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_PROCESS_CHILDREN_H_
