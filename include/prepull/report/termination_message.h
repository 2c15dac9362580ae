// What `kubectl describe pod` shows of a run: the container's termination
// message. Pure.
#ifndef PREPULL_REPORT_TERMINATION_MESSAGE_H_
#define PREPULL_REPORT_TERMINATION_MESSAGE_H_

#include <string>

#include "absl/time/time.h"
#include "prepull/run/run.h"

namespace prepull {

// The run's last line, why it ended if it did so early, and up to ten images:
// first those that are not there, each with its reason, then those that were
// built for another platform. At most 2 KiB, half of what the kubelet takes.
std::string TerminationMessage(const Run& run, absl::Duration took);

}  // namespace prepull

#endif  // PREPULL_REPORT_TERMINATION_MESSAGE_H_
