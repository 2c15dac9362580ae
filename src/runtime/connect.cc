#include "prepull/runtime/connect.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/runtime/cri_client.h"

namespace prepull {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(10);

}  // namespace

absl::StatusOr<RuntimeSockets> RuntimeSockets::Parse(const std::string& flag,
                                                     const Host& host) {
  RuntimeSockets sockets;
  absl::string_view from = "--cri-socket";
  std::string named = flag;
  if (named.empty()) {
    from = "CONTAINER_RUNTIME_ENDPOINT";
    named = host.Environment(std::string(from)).value_or("");
  }
  sockets.is_named_ = !named.empty();
  if (!sockets.is_named_) {
    sockets.paths_ = KnownSockets();
    return sockets;
  }
  absl::StatusOr<std::string> path = SocketPath(named);
  RETURN_IF_ERROR(Annotate(path.status(), from));
  sockets.paths_.push_back(*std::move(path));
  return sockets;
}

absl::StatusOr<FoundRuntime> RuntimeSockets::Connect(
    Clock& clock, const std::stop_token& stop, Instant until) const {
  const absl::Duration remaining =
      std::max(until - clock.Now(), absl::ZeroDuration());
  absl::StatusOr<FoundRuntime> found = FindRuntime(
      paths_, MakeCriClient, std::min(kConnectTimeout, remaining), stop);
  if (!found.ok()) return found;
  Log(LogLevel::kInfo, "runtime",
      {{"name", found->version.name},
       {"version", found->version.version},
       {"socket", found->socket}});
  return found;
}

std::string RuntimeSockets::Hint() const {
  return is_named_ ? "\nhint: CRI-O listens on /run/crio/crio.sock, containerd "
                     "on /run/containerd/containerd.sock; use --cri-socket"
                   : "\nhint: name the runtime's socket with --cri-socket";
}

bool IsUnreachable(const absl::Status& error) {
  return absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error) ||
         absl::IsCancelled(error);
}

}  // namespace prepull
