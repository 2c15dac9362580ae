// Connections, and a pool of idle ones.
#ifndef PREPULL_SRC_HTTP_CONNECTION_H_
#define PREPULL_SRC_HTTP_CONNECTION_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "src/http/tls.h"

namespace prepull {

struct Connection {
  using Socket = boost::asio::ip::tcp::socket;

  boost::asio::io_context io = {};
  // Without it io would not wait while only a lookup is running.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      at_work{io.get_executor()};
  Socket socket{io};
  TlsContext tls_context = nullptr;
  std::optional<boost::asio::ssl::stream<Socket&>> tls = std::nullopt;
};

// Threads: safe to share.
class IdleConnections {
 public:
  // Returns a recent connection to `peer` with the same TLS context, or null.
  // The peer may have closed it since.
  std::unique_ptr<Connection> Take(const std::string& peer,
                                   const TlsContext& tls_context, Instant now);

  void Keep(const std::string& peer, std::unique_ptr<Connection> connection,
            Instant now);

 private:
  struct Idle {
    std::string peer;
    Instant since;
    std::unique_ptr<Connection> connection;
  };

  Mutex mutex_;
  std::vector<Idle> idle_ ABSL_GUARDED_BY(mutex_);  // the oldest first
};

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_CONNECTION_H_
