// Both ends of /Metrics/Submit in bytes, so that tests say what is on the wire.
#ifndef PREPULL_TEST_METRICS_SUBMIT_STREAM_H_
#define PREPULL_TEST_METRICS_SUBMIT_STREAM_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "image_prefetcher/metrics.grpc.pb.h"
#include "prepull/base/mutex.h"

namespace prepull {

inline grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

inline std::string ToText(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// A client that sends any bytes as messages, one step at a time.
class SubmitClient {
 public:
  explicit SubmitClient(uint16_t port)
      : stub_(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                  grpc::InsecureChannelCredentials())),
        stream_(stub_.PrepareCall(&context_, "/Metrics/Submit", &queue_)) {
    stream_->StartCall(nullptr);
    Await();
  }
  ~SubmitClient() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  SubmitClient(const SubmitClient&) = delete;
  SubmitClient& operator=(const SubmitClient&) = delete;

  bool Send(const std::string& message) {
    stream_->Write(ToBuffer(message), nullptr);
    return Await();
  }

  // Half-closes; returns how it ended, and the answer.
  std::pair<grpc::Status, std::string> Close() {
    stream_->WritesDone(nullptr);
    Await();
    return End();
  }

  // The same without an end of its own.
  std::pair<grpc::Status, std::string> End() {
    grpc::ByteBuffer answer;
    stream_->Read(&answer, nullptr);
    const bool has_answer = Await();
    grpc::Status status;
    stream_->Finish(&status, nullptr);
    Await();
    return {status, has_answer ? ToText(answer) : "none"};
  }

 private:
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    return ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

// A server that notes the bytes of each message, and answers as it is told.
class RecordingServer
    : public ::Metrics::WithRawCallbackMethod_Submit<::Metrics::Service> {
 public:
  // `port`: 0 = any.
  explicit RecordingServer(int port = 0) : port_(port) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port),
                             grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~RecordingServer() override {
    server_->Shutdown(gpr_now(GPR_CLOCK_MONOTONIC));
  }

  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }

  // How the next calls end; behind them OK.
  void Script(std::vector<grpc::Status> ends) {
    MutexLock lock(mutex_);
    ends_ = std::move(ends);
  }
  // Calls get no answer while it holds.
  void Hold() {
    MutexLock lock(mutex_);
    is_held_ = true;
  }

  std::vector<std::string> AwaitMessages(size_t count) {
    MutexLock lock(mutex_);
    while (messages_.size() < count) changed_.wait(mutex_);
    return messages_;
  }
  std::vector<std::string> messages() { return AwaitMessages(0); }

  grpc::ServerReadReactor<grpc::ByteBuffer>* Submit(
      grpc::CallbackServerContext*, grpc::ByteBuffer* answer) override {
    *answer = ToBuffer("");
    return new Stream(*this);
  }

 private:
  class Stream : public grpc::ServerReadReactor<grpc::ByteBuffer> {
   public:
    explicit Stream(RecordingServer& server) : server_(server) {
      StartRead(&bytes_);
    }
    void OnReadDone(bool ok) override {
      if (ok) {
        server_.Note(ToText(bytes_));
        bytes_.Clear();
        StartRead(&bytes_);
      } else if (!server_.is_held()) {
        Finish(server_.NextEnd());
      }
    }
    void OnCancel() override {
      if (server_.is_held()) Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    RecordingServer& server_;
    grpc::ByteBuffer bytes_;
  };

  void Note(std::string message) {
    MutexLock lock(mutex_);
    messages_.push_back(std::move(message));
    changed_.notify_all();
  }
  bool is_held() {
    MutexLock lock(mutex_);
    return is_held_;
  }
  grpc::Status NextEnd() {
    MutexLock lock(mutex_);
    if (ends_.empty()) return grpc::Status::OK;
    const grpc::Status end = ends_.front();
    ends_.erase(ends_.begin());
    return end;
  }

  int port_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<grpc::Status> ends_ ABSL_GUARDED_BY(mutex_);
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> messages_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_METRICS_SUBMIT_STREAM_H_
