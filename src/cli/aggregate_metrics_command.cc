// prepull aggregate-metrics: image-prefetcher's server of results.
#include <memory>
#include <string>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/http/http_server.h"
#include "prepull/metrics/metrics_server.h"
#include "prepull/metrics/result_store.h"
#include "src/cli/commands.h"

namespace prepull {
namespace {

CommandDoc AggregateMetricsDoc() {
  return {.name = "aggregate-metrics",
          .summary = "collect the results of fetch --metrics-endpoint",
          .about =
              "Takes the results of 'fetch --metrics-endpoint', or of "
              "image-prefetcher, until\n"
              "SIGTERM, and serves them as a JSON array at /metrics, as "
              "image-prefetcher\ndoes.",
          .examples = {"prepull aggregate-metrics",
                       "prepull aggregate-metrics --data-file "
                       "/data/results.jsonl"},
          .exit_codes = {"0  stopped by a signal",
                         "2  bad flags, a port that is taken, or a data file "
                         "that cannot be used",
                         "70 internal error"},
          .waits_for_stop = true};
}

class AggregateMetricsCommand : public CommandProgram {
 public:
  AggregateMetricsCommand() : CommandProgram(AggregateMetricsDoc()) {
    command().Group("Server");
    command().Integer({.name = "--grpc-port",
                       .value = "N",
                       .text = "port for results, on all addresses, without "
                               "TLS; 0 = a free one; a message has at most "
                               "64 KiB, 1000 connections at once have at most "
                               "2 minutes each",
                       .fallback = "8443"},
                      0, 65535, grpc_port_);
    command().Integer({.name = "--http-port",
                       .value = "N",
                       .text = "port for GET /metrics, on all addresses, "
                               "without TLS; 0 = a free one",
                       .fallback = "8080"},
                      0, 65535, http_port_);
    command().Text({.name = "--data-file",
                    .value = "FILE",
                    .text = "keep all results here over a restart, one line "
                            "of JSON each: it only grows, one server at a "
                            "time; a client hears that it was heard when its "
                            "results are synced to the disk. While the file "
                            "cannot be written they stay in memory, with a "
                            "warning. In memory, and at /metrics, are the "
                            "newest 1,000,000 results or 256 MiB",
                    .is_path = true},
                   data_file_);
    AddLoggingFlags(command(), logging_);
    command().Switch({.name = "--debug",
                      .text = "the same as --verbose, from image-prefetcher"},
                     debug_);
  }

  CommandEnd Run(const CommandContext& context) override;

 private:
  int grpc_port_ = 8443;
  int http_port_ = 8080;
  std::string data_file_;
  bool debug_ = false;
  LoggingOptions logging_;
};

// The page, written as the client reads it: what comes in meanwhile is for the
// next one.
class ResultArray {
 public:
  explicit ResultArray(const ResultStore& store)
      : store_(store), end_(store.end()) {}

  std::string NextPiece() {
    std::string piece = store_.Slice(from_, end_, is_first_);
    if (piece.empty() && !std::exchange(is_closed_, true)) return "]";
    return piece;
  }

 private:
  const ResultStore& store_;
  uint64_t from_ = 0;
  const uint64_t end_;
  bool is_first_ = true;
  bool is_closed_ = false;
};

HttpPage PageAt(absl::string_view path, const ResultStore& store) {
  if (path != "/metrics") {
    return {.status = 404, .body = "the results are at /metrics\n"};
  }
  return {.content_type = "application/json",
          .body = "[",
          .next_piece = [array = ResultArray(store)]() mutable {
            return array.NextPiece();
          }};
}

absl::Status Serve(uint16_t grpc_port, uint16_t http_port, ResultStore& store,
                   const CommandContext& context) {
  ASSIGN_OR_RETURN(ListeningSocket grpc, ListeningSocket::Open(grpc_port));
  ASSIGN_OR_RETURN(ListeningSocket http, ListeningSocket::Open(http_port));
  Log(LogLevel::kInfo, "serving",
      {{"grpc_port", static_cast<int64_t>(grpc.port())},
       {"http_port", static_cast<int64_t>(http.port())}});
  ASSIGN_OR_RETURN(const std::unique_ptr<MetricsServer> results,
                   MetricsServer::Start(std::move(grpc), store));
  const WebServer pages(std::move(http), [&store](absl::string_view path) {
    return PageAt(path, store);
  });
  Wakeup stopped;
  std::stop_callback wake(context.stop, [&stopped] { stopped.Notify(); });
  while (!context.stop.stop_requested()) {
    context.clock.WaitUntil(Instant::Never(), stopped);
  }
  return absl::OkStatus();
}

CommandEnd AggregateMetricsCommand::Run(const CommandContext& context) {
  logging_.verbose = logging_.verbose || debug_;
  StartLogging(logging_, context, /*hides_info=*/false);
  ResultStore store;
  if (!data_file_.empty()) {
    const absl::Status kept = store.KeepIn(data_file_);
    if (!kept.ok()) return Failed(ExitCode::kBadInput, kept);
  }
  const absl::Status served =
      Serve(static_cast<uint16_t>(grpc_port_),
            static_cast<uint16_t>(http_port_), store, context);
  if (served.ok()) return {};
  return Failed(
      absl::IsInternal(served) ? ExitCode::kInternal : ExitCode::kBadInput,
      served);
}

}  // namespace

std::unique_ptr<CommandProgram> MakeAggregateMetricsCommand() {
  return std::make_unique<AggregateMetricsCommand>();
}

}  // namespace prepull
