#include "src/runtime/socket_survey.h"

#include "prepull/base/status_macros.h"

namespace prepull {

absl::Status SocketSurvey::Add(const OtherProcess& process) {
  ASSIGN_OR_RETURN(const std::vector<SocketPlace> sockets, process.Sockets());
  for (const SocketPlace& socket : sockets) {
    if (before_.contains(socket.inode)) {
      known_.others.insert(socket.inode);
      continue;
    }
    // Processes may share one.
    if (places_.contains(socket.inode)) continue;
    const absl::StatusOr<FileDescriptor> duplicate = process.Duplicate(socket);
    if (absl::IsNotFound(duplicate.status())) continue;
    RETURN_IF_ERROR(duplicate.status());
    Add({process.pid(), socket}, ReadSocket(duplicate->fd()));
  }
  return absl::OkStatus();
}

void SocketSurvey::Add(const Place& place, const SocketFacts& facts) {
  const uint64_t inode = place.socket.inode;
  if (!facts.is_tcp) known_.others.insert(inode);
  if (facts.listens && facts.network) known_.networks.insert(*facts.network);
  if (facts.is_tcp && facts.listens) listening_ports_.insert(facts.local_port);
  if (!facts.is_connection) return;
  places_.emplace(inode, place);
  connections_.push_back(facts);
  connections_.back().connection.id = inode;
}

std::vector<Connection> SocketSurvey::Outgoing() const {
  std::vector<Connection> outgoing;
  for (const SocketFacts& facts : connections_) {
    if (IsOutgoing(facts)) outgoing.push_back(facts.connection);
  }
  return outgoing;
}

bool SocketSurvey::IsOutgoing(const SocketFacts& facts) const {
  if (listening_ports_.contains(facts.local_port)) return false;
  if (facts.network && !known_.networks.empty()) {
    return known_.networks.contains(*facts.network);
  }
  // A forwarded port is one of the pod's own loopback.
  return !facts.is_peer_loopback;
}

}  // namespace prepull
