// Connections, and those of them that wait for another question.
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
  // Without it io would not wait while nothing but a lookup is under way.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      at_work{io.get_executor()};
  Socket socket{io};
  Trust trust = nullptr;
  std::optional<boost::asio::ssl::stream<Socket&>> tls = std::nullopt;
};

// Threads: safe to share.
class IdleConnections {
 public:
  // One that was kept for `peer` a moment ago, with the same trust, or null.
  // The peer may have closed it since.
  std::unique_ptr<Connection> Take(const std::string& peer, const Trust& trust,
                                   Instant now);

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
