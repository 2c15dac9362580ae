#include "src/runtime/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "prepull/base/errno_status.h"

namespace prepull {
namespace {

absl::Status WhyNotConnected(int error) {
  switch (error) {
    case ENOENT:
      return absl::UnavailableError("no such file");
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          "permission denied: the socket belongs to root, run as root");
    case ECONNREFUSED:
      return absl::UnavailableError(
          "connection refused: the file is there, but no runtime listens");
    case ENOTSOCK:
      return absl::UnavailableError("not a socket");
    case EAGAIN:
      return absl::DeadlineExceededError(
          "a process listens, but takes no connection: its queue is full");
    default:
      return absl::UnavailableError(ErrnoText(error));
  }
}

}  // namespace

absl::StatusOr<FileDescriptor> ConnectToUnixSocket(const std::string& path) {
  FileDescriptor connection(
      socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection.is_open()) return ErrnoStatus(errno, "open a unix socket");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(),
              std::min(path.size(), sizeof(address.sun_path) - 1));
  if (connect(connection.fd(), reinterpret_cast<sockaddr*>(&address),
              sizeof(address)) == 0) {
    return connection;
  }
  int error = errno;
  // Linux refuses a connection to any other kind of file in the same words.
  struct stat about;
  if (error == ECONNREFUSED && stat(path.c_str(), &about) == 0 &&
      !S_ISSOCK(about.st_mode)) {
    error = ENOTSOCK;
  }
  return WhyNotConnected(error);
}

}  // namespace prepull
