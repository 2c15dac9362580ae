// How busy the node is: its CPUs and its memory.
//
// The kernel's files show the whole node in a container, too.
// Source: proc_stat(5), proc_meminfo(5); the threshold and the items are those
// of KubeEdge's ImagePrePullJob, which samples the CPUs for 100 ms.
#ifndef PREPULL_PREFLIGHT_NODE_LOAD_H_
#define PREPULL_PREFLIGHT_NODE_LOAD_H_

#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/preflight/finding.h"

namespace prepull {

// More in use, of anything that is checked, fails the node.
inline constexpr int kMaxUsedPercent = 80;

// Which of them are checked.
struct LoadItems {
  bool cpu = false;
  bool mem = false;
};

// Returns a finding "cpu" and one "mem", as wanted. For the CPUs it waits half
// a second, less after `stop`. What cannot be read is a failure.
std::vector<Finding> FindLoad(const LoadItems& items, FileSystem& files,
                              Clock& clock, const std::stop_token& stop);

// The same before a run. Errors: RESOURCE_EXHAUSTED  the node is not fit: the
// message says why.
absl::Status CheckLoad(const LoadItems& items, FileSystem& files, Clock& clock,
                       const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_NODE_LOAD_H_
