#include "prepull/runtime/connections.h"

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"
#include "src/runtime/other_process.h"
#include "src/runtime/process_children.h"
#include "src/runtime/runtime_process.h"
#include "src/runtime/socket_survey.h"

namespace prepull {
namespace {

// Of a runtime that has ended, is starting, or hangs.
bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

class RuntimeConnections : public Connections {
 public:
  RuntimeConnections(std::string path, OtherProcess runtime)
      : path_(std::move(path)), runtime_(std::move(runtime)) {}

  absl::StatusOr<std::vector<Connection>> List() override {
    places_.clear();
    const absl::Status found = FindRuntime();
    if (IsAway(found)) return std::vector<Connection>();
    RETURN_IF_ERROR(Annotate(found, path_));
    UpdateChildren(*runtime_, ListedChildren(*runtime_), children_);
    SocketSurvey survey(known_);
    const absl::Status looked = survey.Add(*runtime_);
    if (IsAway(looked)) return std::vector<Connection>();
    RETURN_IF_ERROR(Annotate(looked, path_));
    // One that ends now, or may not be looked into, has no part in it.
    for (const OtherProcess& child : children_) survey.Add(child).IgnoreError();
    std::vector<Connection> open = survey.Outgoing();
    for (const Connection& each : open) {
      places_.emplace(each.id, survey.PlaceOf(each.id));
    }
    known_ = survey.known();
    return open;
  }

  absl::Status ShutDown(uint64_t id) override {
    const auto place = places_.find(id);
    if (place == places_.end()) return absl::OkStatus();
    absl::StatusOr<FileDescriptor> socket = Open(place->second);
    if (!socket.ok()) socket = Search(id);
    if (absl::IsNotFound(socket.status()) || IsAway(socket.status())) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Annotate(socket.status(), path_));
    if (!ReadSocket(socket->fd()).is_connection) return absl::OkStatus();
    if (shutdown(socket->fd(), SHUT_RDWR) == 0 || errno == ENOTCONN) {
      return absl::OkStatus();
    }
    return ErrnoStatus(errno, absl::StrCat("shut down socket ", id));
  }

 private:
  absl::Status FindRuntime() {
    if (runtime_ && !runtime_->HasEnded()) return absl::OkStatus();
    runtime_.reset();
    children_.clear();
    known_ = {};
    ASSIGN_OR_RETURN(runtime_, OpenRuntimeProcess(path_));
    return absl::OkStatus();
  }

  absl::StatusOr<FileDescriptor> Open(const SocketSurvey::Place& place) const {
    if (runtime_->pid() == place.pid) return runtime_->Duplicate(place.socket);
    for (const OtherProcess& child : children_) {
      if (child.pid() == place.pid) return child.Duplicate(place.socket);
    }
    return absl::NotFoundError("its process is gone");
  }

  // The socket, should it have another number or another owner by now.
  absl::StatusOr<FileDescriptor> Search(uint64_t id) const {
    absl::StatusOr<FileDescriptor> found = SearchIn(*runtime_, id);
    for (const OtherProcess& child : children_) {
      if (found.ok()) break;
      absl::StatusOr<FileDescriptor> in_child = SearchIn(child, id);
      if (in_child.ok()) found = *std::move(in_child);
    }
    return found;
  }

  static absl::StatusOr<FileDescriptor> SearchIn(const OtherProcess& process,
                                                 uint64_t id) {
    ASSIGN_OR_RETURN(const std::vector<SocketPlace> sockets, process.Sockets());
    for (const SocketPlace& each : sockets) {
      if (each.inode == id) return process.Duplicate(each);
    }
    return absl::NotFoundError("socket is gone");
  }

  const std::string path_;
  std::optional<OtherProcess> runtime_;
  std::vector<OtherProcess> children_;
  RememberedSockets known_;
  // Where the connections were that List returned last.
  absl::flat_hash_map<uint64_t, SocketSurvey::Place> places_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Connections>> OpenConnections(
    const std::string& path) {
  absl::StatusOr<OtherProcess> runtime = OpenRuntimeProcess(path);
  if (absl::IsDeadlineExceeded(runtime.status())) {
    runtime = absl::UnavailableError(runtime.status().message());
  }
  RETURN_IF_ERROR(Annotate(runtime.status(), path));
  auto connections =
      std::make_unique<RuntimeConnections>(path, *std::move(runtime));
  // Only trying tells whether all of it is permitted.
  RETURN_IF_ERROR(connections->List().status());
  return connections;
}

}  // namespace prepull
