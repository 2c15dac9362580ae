#include "src/http/connection.h"

#include <algorithm>
#include <utility>

namespace prepull {
namespace {

// Less than servers and the boxes on the way forget a silent connection in.
constexpr absl::Duration kMaxIdle = absl::Seconds(10);
constexpr size_t kMaxConnections = 16;

}  // namespace

std::unique_ptr<Connection> IdleConnections::Take(const std::string& peer,
                                                  const TlsContext& tls_context,
                                                  Instant now) {
  MutexLock lock(mutex_);
  std::erase_if(
      idle_, [now](const Idle& idle) { return now - idle.since > kMaxIdle; });
  const auto found =
      std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) {
        return idle.peer == peer && idle.connection->tls_context == tls_context;
      });
  if (found == idle_.rend()) return nullptr;
  std::unique_ptr<Connection> connection = std::move(found->connection);
  idle_.erase(std::next(found).base());
  return connection;
}

void IdleConnections::Keep(const std::string& peer,
                           std::unique_ptr<Connection> connection,
                           Instant now) {
  MutexLock lock(mutex_);
  if (idle_.size() == kMaxConnections) idle_.erase(idle_.begin());
  idle_.push_back({peer, now, std::move(connection)});
}

}  // namespace prepull
