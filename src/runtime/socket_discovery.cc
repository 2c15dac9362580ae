#include "prepull/runtime/socket_discovery.h"

#include <sys/un.h>

#include <map>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "src/runtime/unix_socket.h"

namespace prepull {
namespace {

constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

// A plain connect(2) first: gRPC would say all of it in one vague sentence.
absl::Status TryToConnect(const std::string& socket) {
  const absl::Status result = ConnectToUnixSocket(socket).status();
  // A full queue is that of a runtime.
  if (result.ok() || absl::IsDeadlineExceeded(result)) return absl::OkStatus();
  return absl::UnavailableError(result.message());
}

absl::Status WhyNoRuntime(const absl::Status& status, absl::Duration timeout) {
  if (status.code() == absl::StatusCode::kDeadlineExceeded) {
    return absl::UnavailableError(absl::StrCat(
        "accepts connections, but gave no answer in ", HumanDuration(timeout)));
  }
  if (status.code() == absl::StatusCode::kUnimplemented) {
    return absl::UnavailableError(
        "answers, but not to CRI v1: its CRI plugin is off, or it only speaks "
        "v1alpha2 (containerd 1.5, CRI-O 1.19), which prepull does not");
  }
  if (status.code() == absl::StatusCode::kCancelled) return status;
  return absl::UnavailableError(
      absl::StrCat("does not answer like a container runtime: ",
                   Printable(WithoutUrlSecrets(status.message()), 256)));
}

// 1.x and 2.x say this while they start: the runtime is there.
bool IsStillStarting(const absl::Status& status) {
  return absl::StrContains(status.message(), "not initialized yet");
}

absl::StatusOr<FoundRuntime> AskOne(const std::string& socket,
                                    const ConnectRuntime& connect,
                                    absl::Duration timeout,
                                    const std::stop_token& stop) {
  RETURN_IF_ERROR(TryToConnect(socket));
  std::unique_ptr<ContainerRuntime> runtime = connect(socket);
  absl::StatusOr<RuntimeVersion> version = runtime->Version(timeout, stop);
  if (!version.ok() && IsStillStarting(version.status())) {
    version = RuntimeVersion{};
  }
  if (!version.ok()) return WhyNoRuntime(version.status(), timeout);
  return FoundRuntime{socket, *std::move(version), std::move(runtime)};
}

// Each reason once, behind the sockets that it holds for.
absl::Status NothingFound(
    const std::map<std::string, std::vector<std::string>>& sockets_by_reason) {
  std::vector<std::string> sentences;
  sentences.reserve(sockets_by_reason.size());
  for (const auto& [reason, sockets] : sockets_by_reason) {
    sentences.push_back(absl::StrCat(
        "connect to ", absl::StrJoin(sockets, ", "), ": ", reason));
  }
  return absl::UnavailableError(absl::StrJoin(sentences, "; "));
}

// Asks all at once; each has the whole of `timeout`. Once one has answered,
// those behind it do not matter any more.
std::vector<absl::StatusOr<FoundRuntime>> AskAll(
    const std::vector<std::string>& sockets, const ConnectRuntime& connect,
    absl::Duration timeout, const std::stop_token& stop) {
  std::vector<absl::StatusOr<FoundRuntime>> answers(sockets.size());
  std::vector<std::stop_source> enough(sockets.size());
  std::stop_callback stop_all(stop, [&enough] {
    for (std::stop_source& each : enough) each.request_stop();
  });
  std::vector<std::jthread> askers;
  for (size_t i = 0; i < sockets.size(); ++i) {
    askers.emplace_back([&, i] {
      answers[i] = AskOne(sockets[i], connect, timeout, enough[i].get_token());
      if (!answers[i].ok()) return;
      for (size_t j = i + 1; j < enough.size(); ++j) enough[j].request_stop();
    });
  }
  askers.clear();  // joins
  return answers;
}

}  // namespace

absl::StatusOr<std::string> SocketPath(absl::string_view text) {
  absl::string_view path = text;
  absl::ConsumePrefix(&path, "unix://");
  if (path.empty()) return absl::InvalidArgumentError("socket path is empty");
  if (absl::StrContains(path, "://")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", Printable(text, 256),
        "\" is not a unix socket: expected a path or a unix:// URL"));
  }
  if (path.size() > kMaxPath) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket path has ", path.size(),
                     " bytes: expected at most ", kMaxPath));
  }
  return std::string(path);
}

const std::vector<std::string>& KnownSockets() {
  static const auto* sockets = new std::vector<std::string>{
      "/run/containerd/containerd.sock",
      "/run/crio/crio.sock",
      "/run/k3s/containerd/containerd.sock",
      "/run/k0s/containerd.sock",
      "/var/snap/microk8s/common/run/containerd.sock",
      "/run/cri-dockerd.sock",
  };
  return *sockets;
}

absl::StatusOr<FoundRuntime> FindRuntime(
    const std::vector<std::string>& sockets, const ConnectRuntime& connect,
    absl::Duration timeout, const std::stop_token& stop) {
  std::vector<absl::StatusOr<FoundRuntime>> answers =
      AskAll(sockets, connect, timeout, stop);
  std::map<std::string, std::vector<std::string>> sockets_by_reason;
  for (size_t i = 0; i < sockets.size(); ++i) {
    if (answers[i].ok()) return std::move(answers[i]);
    const absl::Status& why = answers[i].status();
    if (why.code() == absl::StatusCode::kCancelled) return why;
    sockets_by_reason[std::string(why.message())].push_back(sockets[i]);
  }
  return NothingFound(sockets_by_reason);
}

}  // namespace prepull
