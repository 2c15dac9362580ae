// Finds the runtime's socket and connects: the one that was named, or the
// first of the known ones that answers.
//
// Each way in which a socket can be wrong has its own sentence.
#ifndef PREPULL_RUNTIME_SOCKET_DISCOVERY_H_
#define PREPULL_RUNTIME_SOCKET_DISCOVERY_H_

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

struct FoundRuntime {
  std::string socket;
  RuntimeVersion version;
  std::unique_ptr<ContainerRuntime> runtime;
};

using ConnectRuntime =
    std::function<std::unique_ptr<ContainerRuntime>(const std::string& socket)>;

// The path in `text`, which is a path or a unix:// URL. Errors:
//   INVALID_ARGUMENT  another scheme, empty, or too long for a unix socket
absl::StatusOr<std::string> SocketPath(absl::string_view text);

// The sockets that are tried when none is named, most likely first.
const std::vector<std::string>& KnownSockets();

// Connects to the first of `sockets` (in their order) that answers. All are
// asked at once, and the whole takes at most `timeout`. Errors: UNAVAILABLE
// with one sentence a socket; CANCELLED  `stop` was requested.
absl::StatusOr<FoundRuntime> FindRuntime(
    const std::vector<std::string>& sockets, const ConnectRuntime& connect,
    absl::Duration timeout, const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_RUNTIME_SOCKET_DISCOVERY_H_
