// The server of image-prefetcher's results: gRPC without TLS, the method
// /Metrics/Submit, a stream of results of one client.
//
// A client is told OK when its results are saved. Results of a stream that
// breaks off are kept, too. What a client can do is bounded: the size of a
// message, the number of streams and connections, and how long a connection
// lives, so that nobody holds a place for long.
#ifndef PREPULL_METRICS_METRICS_SERVER_H_
#define PREPULL_METRICS_METRICS_SERVER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/http/listening_socket.h"
#include "prepull/metrics/result_store.h"

namespace prepull {

struct MetricsServerLimits {
  int message_bytes = 64 << 10;
  int connections = 1000;  // more are closed at once
  int streams = 1000;      // more end with RESOURCE_EXHAUSTED
  absl::Duration connection_age = absl::Minutes(1);
};

// Threads: made and destroyed by one.
class MetricsServer {
 public:
  // Serves until it is destroyed. `store` must outlive it. Errors: INTERNAL
  // gRPC does not start.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      ListeningSocket socket, ResultStore& store,
      const MetricsServerLimits& limits = {});

  // Gives streams that are being answered a second, and saves.
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

 private:
  class Server;

  explicit MetricsServer(std::unique_ptr<Server> server);

  const std::unique_ptr<Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_METRICS_METRICS_SERVER_H_
