#include "prepull/metrics/metrics_server.h"

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <thread>
#include <utility>

#include "image_prefetcher/metrics.grpc.pb.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/log.h"
#include "src/metrics/wire.h"

namespace prepull {
namespace {

constexpr absl::Duration kEndTimeout = absl::Seconds(1);
// After an accept that failed for want of descriptors or memory.
constexpr int kAcceptPauseMs = 1000;
// For what connections have sent and nobody has read yet.
constexpr size_t kBufferBytes = 64 << 20;
// Beside the connections: our own files, and those of the HTTP side.
constexpr int kOtherDescriptors = 200;
// That connections may not take, for the HTTP side above all.
constexpr int kReservedDescriptors = 100;

// Returns how many descriptors this process may have; 1024 are few.
int RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur =
      std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 4096));
  setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}

int Milliseconds(absl::Duration d) {
  return static_cast<int>(absl::ToInt64Milliseconds(d));
}

// One client's results. Deletes itself when its call is over.
class SubmitStream : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  SubmitStream(ResultStore& store, std::atomic<int>& streams, int max_streams)
      : store_(store), streams_(streams) {
    if (++streams_ > max_streams) {
      End({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams"});
    } else {
      StartRead(&bytes_);
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status::OK);
    const std::optional<AttemptResult> result = FromBytes(bytes_);
    if (!result) {
      return End({grpc::StatusCode::INVALID_ARGUMENT, "not a result"});
    }
    const bool is_new = store_.Add(*result);
    Log(LogLevel::kDebug, is_new ? "result" : "result known already",
        {{"attempt", result->attempt_id},
         {"node", result->node},
         {"image", result->image},
         {"error", result->error}});
    bytes_.Clear();
    StartRead(&bytes_);
  }

  // Its reads fail then, too.
  void OnCancel() override {}

  void OnDone() override { delete this; }

 private:
  // What came is saved, and its place free, before the client hears of the end.
  void End(const grpc::Status& status) {
    store_.Save();
    --streams_;
    Finish(status);
  }

  ResultStore& store_;
  std::atomic<int>& streams_;
  grpc::ByteBuffer bytes_;
};

// The messages come as bytes: gRPC takes one that it cannot parse for the end
// of the stream, and its client would hear that all is well.
class SubmitService
    : public ::Metrics::WithRawCallbackMethod_Submit<::Metrics::Service> {
 public:
  SubmitService(ResultStore& store, int max_streams)
      : store_(store), max_streams_(max_streams) {}

  grpc::ServerReadReactor<grpc::ByteBuffer>* Submit(
      grpc::CallbackServerContext*, grpc::ByteBuffer* answer) override {
    const grpc::Slice empty;
    *answer = grpc::ByteBuffer(&empty, 1);
    return new SubmitStream(store_, streams_, max_streams_);
  }

 private:
  ResultStore& store_;
  const int max_streams_;
  std::atomic<int> streams_ = 0;
};

}  // namespace

// Accepts connections itself: gRPC 1.51 knows no limit to their number, and
// without descriptors it stops to listen.
class MetricsServer::Server {
 public:
  Server(ListeningSocket socket, ResultStore& store,
         const MetricsServerLimits& limits)
      : socket_(std::move(socket)),
        store_(store),
        limits_(limits),
        service_(store, limits.streams),
        quit_fd_(eventfd(0, EFD_CLOEXEC)),
        max_fd_(std::min(limits.connections + kOtherDescriptors,
                         RaiseDescriptorLimit() - kReservedDescriptors)) {}

  bool Start() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    builder.SetResourceQuota(grpc::ResourceQuota().Resize(kBufferBytes));
    builder.SetMaxReceiveMessageSize(limits_.message_bytes);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    const int age = Milliseconds(limits_.connection_age);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, age);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, age);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                               age < 10000 ? age : 10000);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 16);
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    server_ = builder.BuildAndStart();
    if (!server_) return false;
    accepter_ = std::jthread([this] { Accept(); });
    return true;
  }

  ~Server() {
    eventfd_write(quit_fd_, 1);
    if (accepter_.joinable()) accepter_.join();
    if (server_) {
      server_->Shutdown(gpr_time_add(
          gpr_now(GPR_CLOCK_MONOTONIC),
          gpr_time_from_millis(Milliseconds(kEndTimeout), GPR_TIMESPAN)));
    }
    store_.Save();
    close(quit_fd_);
  }

 private:
  void Accept() {
    pollfd watched[] = {{socket_.fd(), POLLIN, 0}, {quit_fd_, POLLIN, 0}};
    while (true) {
      if (poll(watched, 2, -1) < 0) continue;
      if (watched[1].revents != 0) return;
      const int fd =
          accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        TakeConnection(fd);
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                 errno == ENOMEM) {
        Log(LogLevel::kWarn, "connection not accepted",
            {{"error", ErrnoText(errno)}});
        poll(&watched[1], 1, kAcceptPauseMs);
      }
    }
  }

  // The kernel gives the lowest free number, so it says how many are open.
  void TakeConnection(int fd) {
    if (fd >= max_fd_) {
      close(fd);
      return;
    }
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
        connection;
    connection.listener_fd = socket_.fd();
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  }

  const ListeningSocket socket_;
  ResultStore& store_;
  const MetricsServerLimits limits_;
  SubmitService service_;
  const int quit_fd_;
  const int max_fd_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::jthread accepter_;
};

MetricsServer::MetricsServer(std::unique_ptr<Server> server)
    : server_(std::move(server)) {}

MetricsServer::~MetricsServer() = default;

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    ListeningSocket socket, ResultStore& store,
    const MetricsServerLimits& limits) {
  auto server = std::make_unique<Server>(std::move(socket), store, limits);
  if (!server->Start()) {
    return absl::InternalError("start the gRPC server: refused");
  }
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(server)));
}

}  // namespace prepull
