// The termination message of the container, which `kubectl describe pod` shows.
// Pure.
#ifndef PREPULL_REPORT_TERMINATION_MESSAGE_H_
#define PREPULL_REPORT_TERMINATION_MESSAGE_H_

#include <string>

#include "absl/time/time.h"
#include "prepull/run/run.h"

namespace prepull {

// Returns the last line of the run, the reason if it ended early, and up to ten
// images: first the missing ones with their reasons, then those of another
// platform. At most 2 KiB, half of the kubelet's limit.
std::string TerminationMessage(const Run& run, absl::Duration took);

}  // namespace prepull

#endif  // PREPULL_REPORT_TERMINATION_MESSAGE_H_
