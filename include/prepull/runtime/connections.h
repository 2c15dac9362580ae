// The TCP connections that the runtime has opened, seen from outside: what they
// receive, and the end of one that is stuck. The runtime then sees the body end
// early, and asks for the rest.
//
// Only sockets of the runtime's own processes are touched: of the one that
// serves the socket, and of its children that run the same program. It never
// waits for the runtime, which may hang or be stopped.
// Threads: one at a time.
// Source: pidfd_open(2), pidfd_getfd(2), tcp(7).
#ifndef PREPULL_RUNTIME_CONNECTIONS_H_
#define PREPULL_RUNTIME_CONNECTIONS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace prepull {

// A connection that is established and that the runtime opened itself.
struct Connection {
  // Of the socket: the same for as long as it is open, then that of no other
  // one for a long time.
  uint64_t id = 0;
  std::string peer = "";  // "192.0.2.1:443", "[2001:db8::1]:443"
  int64_t received_bytes = 0;
  // Since data came last, and since data was sent last; both since it was
  // established before any was.
  absl::Duration since_received = absl::ZeroDuration();
  absl::Duration since_sent = absl::ZeroDuration();
};

class Connections {
 public:
  virtual ~Connections() = default;

  // Returns those that are open now, in no order: none of a runtime that is
  // away. Left out are those that came in, ports that are forwarded into a pod,
  // and those of several paths (MPTCP), which do not count all bytes. A runtime
  // that came back is found by itself. Errors: PERMISSION_DENIED and others as
  // for OpenConnections, when that changes.
  virtual absl::StatusOr<std::vector<Connection>> List() = 0;

  // Ends a connection that List returned last, in both directions. One that is
  // gone is OK.
  virtual absl::Status ShutDown(uint64_t id) = 0;
};

// Returns the connections of the runtime behind the unix socket at `path`.
// Errors, each with a sentence that says what is missing:
//   UNIMPLEMENTED        Linux before 5.6
//   NOT_FOUND            its process is not in sight (a pod without hostPID)
//   PERMISSION_DENIED    it is, but may not be looked into (CAP_SYS_PTRACE)
//   UNAVAILABLE          nobody serves the socket now, or its process has ended
//   FAILED_PRECONDITION  who serves the socket is no runtime that is known, or
//                        it is process 1
absl::StatusOr<std::unique_ptr<Connections>> OpenConnections(
    const std::string& path);

}  // namespace prepull

#endif  // PREPULL_RUNTIME_CONNECTIONS_H_
