// What a socket tells of itself to who holds a descriptor of it.
// Source: socket(7), tcp(7).
#ifndef PREPULL_SRC_RUNTIME_TCP_SOCKET_H_
#define PREPULL_SRC_RUNTIME_TCP_SOCKET_H_

#include <cstdint>
#include <optional>

#include "prepull/runtime/connections.h"

namespace prepull {

struct SocketFacts {
  bool is_tcp = false;
  bool listens = false;
  // The network namespace that it belongs to, since Linux 5.14.
  std::optional<uint64_t> network = std::nullopt;
  uint16_t local_port = 0;  // of TCP
  // Of TCP, established, and with counters that can be read. A multipath
  // socket counts its first path only, so it is none.
  bool is_connection = false;
  bool is_peer_loopback = false;
  // All but the id.
  Connection connection = {};
};

// `fd` is a socket.
SocketFacts ReadSocket(int fd);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_TCP_SOCKET_H_
