// The process of a container runtime, by the unix socket that it serves.
// Source: SO_PEERCRED and SO_PEERPIDFD in unix(7).
#ifndef PREPULL_SRC_RUNTIME_RUNTIME_PROCESS_H_
#define PREPULL_SRC_RUNTIME_RUNTIME_PROCESS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/runtime/other_process.h"

namespace prepull {

// How the process is told from one that got its number later.
enum class PeerLookup {
  kExact,     // the kernel gives a pidfd of it, since Linux 6.5
  kByNumber,  // it is still the peer after it was opened
};

// Returns the process that serves the socket at `path`. Errors: as
// OpenConnections says, and DEADLINE_EXCEEDED if it takes no connections.
absl::StatusOr<OtherProcess> OpenRuntimeProcess(
    const std::string& path, PeerLookup lookup = PeerLookup::kExact);

// Whether process `pid`, 0 if it is not in sight, with that executable is a
// runtime that may be looked into. Pure.
absl::Status CheckServer(pid_t pid);
absl::Status CheckExecutable(pid_t pid, absl::string_view executable);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_RUNTIME_PROCESS_H_
