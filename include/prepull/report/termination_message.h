// The termination message of the container, which `kubectl describe pod` shows.
// Pure.
#ifndef PREPULL_REPORT_TERMINATION_MESSAGE_H_
#define PREPULL_REPORT_TERMINATION_MESSAGE_H_

#include <string>

#include "absl/time/time.h"
#include "prepull/run/run.h"

namespace prepull {

// Returns text for people and the machine line, for a run that has ended.
//
// The text has the last line of the run, the reason if it ended early, and up
// to ten images: first the missing ones with their reasons, then those of
// another platform. It has at most 1,000 bytes, the message 3,001: the kubelet
// keeps 3,072 bytes for each of four containers, and the first ones.
std::string TerminationMessage(const Run& run, absl::Duration took);

}  // namespace prepull

#endif  // PREPULL_REPORT_TERMINATION_MESSAGE_H_
