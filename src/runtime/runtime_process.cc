#include "src/runtime/runtime_process.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/runtime/unix_socket.h"

namespace prepull {
namespace {

// Newer than the headers of Debian 12.
constexpr int kPeerPidfd = 77;

// K3s has its containerd inside of its own executable.
constexpr std::array<absl::string_view, 3> kRuntimes = {"containerd", "crio",
                                                        "k3s"};

struct Peer {
  FileDescriptor connection;
  pid_t pid = 0;
};

absl::StatusOr<Peer> PeerAt(const std::string& path) {
  ASSIGN_OR_RETURN(FileDescriptor connection, ConnectToUnixSocket(path));
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (getsockopt(connection.fd(), SOL_SOCKET, SO_PEERCRED, &credentials,
                 &size) != 0) {
    return ErrnoStatus(errno, "ask who serves it");
  }
  return Peer{std::move(connection), credentials.pid};
}

absl::Status ServerHasEnded(pid_t pid) {
  return absl::UnavailableError(
      absl::StrCat("process ", pid, ", which served it, has ended"));
}

// UNIMPLEMENTED before Linux 6.5.
absl::StatusOr<FileDescriptor> ExactPidfd(const Peer& peer) {
  int fd = -1;
  socklen_t size = sizeof(fd);
  if (getsockopt(peer.connection.fd(), SOL_SOCKET, kPeerPidfd, &fd, &size) ==
      0) {
    return FileDescriptor(fd);
  }
  switch (errno) {
    case ENOPROTOOPT:
      return absl::UnimplementedError("the kernel gives none");
    case EINVAL:
    case ESRCH:
      return ServerHasEnded(peer.pid);
    default:
      return ErrnoStatus(errno, "ask who serves it");
  }
}

absl::StatusOr<OtherProcess> OpenByNumber(const std::string& path, pid_t pid) {
  ASSIGN_OR_RETURN(OtherProcess process, OtherProcess::Open(pid));
  // It served the socket when it was opened if it still does: an end in
  // between would have ended the socket too.
  ASSIGN_OR_RETURN(const Peer after, PeerAt(path));
  if (after.pid != pid || process.HasEnded()) return ServerHasEnded(pid);
  return process;
}

absl::StatusOr<OtherProcess> OpenPeer(const std::string& path,
                                      PeerLookup lookup) {
  ASSIGN_OR_RETURN(const Peer peer, PeerAt(path));
  RETURN_IF_ERROR(CheckServer(peer.pid));
  if (lookup == PeerLookup::kByNumber) return OpenByNumber(path, peer.pid);
  absl::StatusOr<FileDescriptor> pidfd = ExactPidfd(peer);
  if (absl::IsUnimplemented(pidfd.status())) {
    return OpenByNumber(path, peer.pid);
  }
  RETURN_IF_ERROR(pidfd.status());
  return OtherProcess::Open(peer.pid, *std::move(pidfd));
}

absl::string_view BaseName(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

absl::Status CheckServer(pid_t pid) {
  if (pid <= 0) {
    return absl::NotFoundError(
        "its process is not in sight (a pod needs hostPID)");
  }
  if (pid == 1) {
    return absl::FailedPreconditionError(
        "process 1 serves it (socket activation), not the runtime");
  }
  return absl::OkStatus();
}

absl::Status CheckExecutable(pid_t pid, absl::string_view executable) {
  // A runtime that was updated since it started.
  absl::ConsumeSuffix(&executable, " (deleted)");
  const absl::string_view name = BaseName(executable);
  if (std::find(kRuntimes.begin(), kRuntimes.end(), name) != kRuntimes.end()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "process ", pid,
      " serves it, which is no known runtime: ", Printable(executable, 256)));
}

absl::StatusOr<OtherProcess> OpenRuntimeProcess(const std::string& path,
                                                PeerLookup lookup) {
  ASSIGN_OR_RETURN(OtherProcess process, OpenPeer(path, lookup));
  ASSIGN_OR_RETURN(const std::string executable, process.Executable());
  RETURN_IF_ERROR(CheckExecutable(process.pid(), executable));
  return process;
}

}  // namespace prepull
