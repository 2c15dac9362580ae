#include "prepull/http/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr int kBacklog = 1024;

union AnyAddress {
  sockaddr base;
  sockaddr_in ipv4;
  sockaddr_in6 ipv6;
};

int OpenSocket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

}  // namespace

absl::StatusOr<ListeningSocket> ListeningSocket::Open(uint16_t port) {
  const int ipv6 = OpenSocket(AF_INET6);
  ListeningSocket opened(ipv6 >= 0 ? ipv6 : OpenSocket(AF_INET), ipv6 >= 0);
  RETURN_IF_ERROR(
      Annotate(opened.Listen("", port), absl::StrCat("listen on port ", port)));
  return opened;
}

absl::StatusOr<ListeningSocket> ListeningSocket::OpenAt(
    absl::string_view place) {
  const auto [host, digits] = SplitHostPort(place);
  uint32_t port = 0;
  if (!absl::SimpleAtoi(digits, &port) || port > UINT16_MAX) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", Printable(place, 64), "\": expected [ADDRESS]:PORT"));
  }
  if (host.empty()) return Open(static_cast<uint16_t>(port));
  absl::string_view address = host;
  const bool is_ipv6 =
      absl::ConsumePrefix(&address, "[") && absl::ConsumeSuffix(&address, "]");
  const int family = is_ipv6 ? AF_INET6 : AF_INET;
  in6_addr parsed;
  if (inet_pton(family, std::string(address).c_str(), &parsed) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", Printable(place, 64),
                     "\": expected an IP address before the port"));
  }
  ListeningSocket opened(OpenSocket(family), is_ipv6);
  RETURN_IF_ERROR(
      Annotate(opened.Listen(std::string(address), static_cast<uint16_t>(port)),
               absl::StrCat("listen on ", place)));
  return opened;
}

ListeningSocket::~ListeningSocket() {
  if (fd_ >= 0) close(fd_);
}

absl::Status ListeningSocket::Listen(const std::string& address_text,
                                     uint16_t port) {
  if (fd_ < 0) return ErrnoStatus(errno, "socket");
  const int on = 1;
  const int off = 0;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  AnyAddress address = {};
  socklen_t size = sizeof(address.ipv4);
  if (is_ipv6_) {
    setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    address.ipv6.sin6_family = AF_INET6;
    address.ipv6.sin6_port = htons(port);
    if (!address_text.empty()) {
      inet_pton(AF_INET6, address_text.c_str(), &address.ipv6.sin6_addr);
    }
    size = sizeof(address.ipv6);
  } else {
    address.ipv4.sin_family = AF_INET;
    address.ipv4.sin_port = htons(port);
    if (!address_text.empty()) {
      inet_pton(AF_INET, address_text.c_str(), &address.ipv4.sin_addr);
    }
  }
  if (bind(fd_, &address.base, size) != 0) return ErrnoStatus(errno, "bind");
  if (listen(fd_, kBacklog) != 0) return ErrnoStatus(errno, "listen");
  if (getsockname(fd_, &address.base, &size) != 0) {
    return ErrnoStatus(errno, "getsockname");
  }
  port_ = ntohs(is_ipv6_ ? address.ipv6.sin6_port : address.ipv4.sin_port);
  return absl::OkStatus();
}

}  // namespace prepull
