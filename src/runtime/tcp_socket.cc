#include "src/runtime/tcp_socket.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

constexpr uint8_t kEstablished = 1;  // TCP_ESTABLISHED of the kernel

std::optional<int> Option(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0) return std::nullopt;
  return value;
}

std::optional<uint64_t> NetworkOf(int fd) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) {
    return std::nullopt;
  }
  return cookie;
}

// An address of either family; IPv4 inside of IPv6 is IPv4.
class Address {
 public:
  using Asker = int (*)(int, sockaddr*, socklen_t*);

  // `ask`: getsockname or getpeername.
  static std::optional<Address> Ask(Asker ask, int fd) {
    Address found;
    socklen_t size = sizeof(found.v6_);
    if (ask(fd, reinterpret_cast<sockaddr*>(&found.v6_), &size) != 0) {
      return std::nullopt;
    }
    std::memcpy(&found.v4_, &found.v6_, sizeof(found.v4_));
    found.is_v4_ = found.v4_.sin_family == AF_INET;
    if (!found.is_v4_ && IN6_IS_ADDR_V4MAPPED(&found.v6_.sin6_addr)) {
      found.is_v4_ = true;
      std::memcpy(&found.v4_.sin_addr, found.v6_.sin6_addr.s6_addr + 12,
                  sizeof(found.v4_.sin_addr));
    }
    return found;
  }

  // It is in the same place for both.
  uint16_t port() const { return ntohs(v6_.sin6_port); }

  bool is_loopback() const {
    if (is_v4_) return ntohl(v4_.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&v6_.sin6_addr);
  }

  std::string Text() const {
    std::array<char, INET6_ADDRSTRLEN> host = {};
    if (is_v4_) {
      inet_ntop(AF_INET, &v4_.sin_addr, host.data(), host.size());
      return absl::StrCat(host.data(), ":", port());
    }
    inet_ntop(AF_INET6, &v6_.sin6_addr, host.data(), host.size());
    return absl::StrCat("[", host.data(), "]:", port());
  }

 private:
  sockaddr_in6 v6_ = {};
  sockaddr_in v4_ = {};
  bool is_v4_ = false;
};

// None if the socket has none, or not all that is asked of them.
std::optional<tcp_info> Counters(int fd) {
  tcp_info counters = {};
  socklen_t size = sizeof(counters);
  constexpr size_t kNeeded = offsetof(tcp_info, tcpi_bytes_received) +
                             sizeof(counters.tcpi_bytes_received);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &counters, &size) != 0 ||
      size < kNeeded) {
    return std::nullopt;
  }
  return counters;
}

void ReadConnection(int fd, SocketFacts& facts) {
  const std::optional<tcp_info> counters = Counters(fd);
  const std::optional<Address> peer = Address::Ask(getpeername, fd);
  if (!counters || !peer || counters->tcpi_state != kEstablished) return;
  facts.is_connection = true;
  facts.is_peer_loopback = peer->is_loopback();
  facts.connection = {
      .peer = peer->Text(),
      .received_bytes = static_cast<int64_t>(counters->tcpi_bytes_received),
      .since_received = absl::Milliseconds(counters->tcpi_last_data_recv),
      .since_sent = absl::Milliseconds(counters->tcpi_last_data_sent)};
}

}  // namespace

SocketFacts ReadSocket(int fd) {
  SocketFacts facts;
  const std::optional<int> family = Option(fd, SO_DOMAIN);
  const std::optional<int> protocol = Option(fd, SO_PROTOCOL);
  facts.is_tcp = (family == AF_INET || family == AF_INET6) &&
                 (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
  facts.listens = Option(fd, SO_ACCEPTCONN).value_or(0) != 0;
  facts.network = NetworkOf(fd);
  if (!facts.is_tcp) return facts;
  if (const auto local = Address::Ask(getsockname, fd)) {
    facts.local_port = local->port();
  }
  if (!facts.listens && protocol == IPPROTO_TCP) ReadConnection(fd, facts);
  return facts;
}

}  // namespace prepull
