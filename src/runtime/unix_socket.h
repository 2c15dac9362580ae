// Connects to a unix socket.
#ifndef PREPULL_SRC_RUNTIME_UNIX_SOCKET_H_
#define PREPULL_SRC_RUNTIME_UNIX_SOCKET_H_

#include <string>

#include "absl/status/statusor.h"
#include "src/runtime/file_descriptor.h"

namespace prepull {

// Returns a connection, and never waits. Errors, each with the reason alone:
//   UNAVAILABLE        nobody listens
//   DEADLINE_EXCEEDED  somebody does, but the queue is full
//   PERMISSION_DENIED  only root may
//   others             of this process, as its limit of descriptors
absl::StatusOr<FileDescriptor> ConnectToUnixSocket(const std::string& path);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_UNIX_SOCKET_H_
