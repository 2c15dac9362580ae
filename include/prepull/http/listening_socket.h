// A TCP socket that listens on one address of the machine, or on all.
#ifndef PREPULL_HTTP_LISTENING_SOCKET_H_
#define PREPULL_HTTP_LISTENING_SOCKET_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

class ListeningSocket {
 public:
  // IPv6 and IPv4, or IPv4 where the kernel has no other. `port`: 0 = one that
  // is free. Errors: as errno says, with the port.
  static absl::StatusOr<ListeningSocket> Open(uint16_t port);

  // The same for `place`, "[ADDRESS]:PORT": an IPv4 address, an IPv6 address in
  // brackets, or none for all. Errors, besides: INVALID_ARGUMENT  quotes it.
  static absl::StatusOr<ListeningSocket> OpenAt(absl::string_view place);

  ~ListeningSocket();
  ListeningSocket(ListeningSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        port_(other.port_),
        is_ipv6_(other.is_ipv6_) {}
  ListeningSocket& operator=(ListeningSocket&&) = delete;

  // It does not block.
  int fd() const { return fd_; }
  uint16_t port() const { return port_; }
  bool is_ipv6() const { return is_ipv6_; }

  // Hands the descriptor over to the caller.
  int Release() { return std::exchange(fd_, -1); }

 private:
  ListeningSocket(int fd, bool is_ipv6) : fd_(fd), is_ipv6_(is_ipv6) {}
  // `address`: "" = all.
  absl::Status Listen(const std::string& address, uint16_t port);

  int fd_;
  uint16_t port_ = 0;
  bool is_ipv6_;
};

}  // namespace prepull

#endif  // PREPULL_HTTP_LISTENING_SOCKET_H_
