// The system's side of Host::RunChild.
#ifndef PREPULL_SRC_BASE_CHILD_PROCESS_H_
#define PREPULL_SRC_BASE_CHILD_PROCESS_H_

#include <stop_token>

#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/host.h"

namespace prepull {

// As Host::RunChild says. Threads: any, at once.
absl::StatusOr<ChildOutput> RunChildProcess(const ChildCommand& command,
                                            const Clock& clock, Instant until,
                                            const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_SRC_BASE_CHILD_PROCESS_H_
