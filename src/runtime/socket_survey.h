// One look at the sockets of a runtime's processes.
#ifndef PREPULL_SRC_RUNTIME_SOCKET_SURVEY_H_
#define PREPULL_SRC_RUNTIME_SOCKET_SURVEY_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "prepull/runtime/connections.h"
#include "src/runtime/other_process.h"
#include "src/runtime/tcp_socket.h"

namespace prepull {

// What a look may know from the one before it.
struct RememberedSockets {
  // The inodes of those that are no TCP sockets, which need not be asked again.
  absl::flat_hash_set<uint64_t> others;
  // The network namespaces in which the runtime listens.
  absl::flat_hash_set<uint64_t> networks;
};

class SocketSurvey {
 public:
  // Where a connection was seen.
  struct Place {
    pid_t pid = 0;
    SocketPlace socket;
  };

  explicit SocketSurvey(const RememberedSockets& before)
      : before_(before.others), known_{{}, before.networks} {}

  // Errors: as those of OtherProcess.
  absl::Status Add(const OtherProcess& process);

  // Returns the connections that the runtime opened itself. Left out are those
  // that came in, by their port, and those in the network of a pod: ports that
  // are forwarded into it.
  std::vector<Connection> Outgoing() const;

  Place PlaceOf(uint64_t id) const { return places_.at(id); }

  const RememberedSockets& known() const { return known_; }

 private:
  void Add(const Place& place, const SocketFacts& facts);
  bool IsOutgoing(const SocketFacts& facts) const;

  const absl::flat_hash_set<uint64_t>& before_;
  RememberedSockets known_;
  absl::flat_hash_set<uint16_t> listening_ports_;
  std::vector<SocketFacts> connections_;
  absl::flat_hash_map<uint64_t, Place> places_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_SOCKET_SURVEY_H_
