#include "prepull/runtime/cri_client.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "cri/image_service.grpc.pb.h"
#include "cri/runtime_service.grpc.pb.h"
#include "prepull/base/mutex.h"
#include "src/runtime/grpc_status.h"

namespace prepull {
namespace {

namespace cri = ::runtime::v1;

// A deadline on the monotonic clock, which gRPC keeps as such.
gpr_timespec DeadlineIn(absl::Duration timeout) {
  return gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_nanos(absl::ToInt64Nanoseconds(timeout), GPR_TIMESPAN));
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& socket) {
  grpc::ChannelArguments arguments;
  // ListImages of a large node exceeds gRPC's 4 MiB.
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A runtime that restarts is back within a second or two, and asking a unix
  // socket costs nothing. (GRPC_ARG_MIN_RECONNECT_BACKOFF_MS is none of these:
  // it is how long a runtime may take to greet, and a busy one takes its time.)
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(absl::StrCat("unix:", socket),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

// One asynchronous call: its tag on the completion queue.
class AsyncCall : public std::enable_shared_from_this<AsyncCall> {
 public:
  virtual ~AsyncCall() = default;

  // The call is over; its callback is due.
  virtual void Finish() = 0;

  void Cancel() {
    cancelled_ = true;
    context_.TryCancel();
  }

 protected:
  absl::Status Result() const { return FromGrpc(status_, cancelled_); }

  grpc::ClientContext context_;
  grpc::Status status_;

 private:
  std::atomic<bool> cancelled_ = false;
};

class PullCall : public AsyncCall {
 public:
  explicit PullCall(ContainerRuntime::PullDone done) : done_(std::move(done)) {}

  void Start(cri::ImageService::Stub& stub, const std::string& image,
             grpc::CompletionQueue& queue) {
    cri::PullImageRequest request;
    request.mutable_image()->set_image(image);
    reader_ = stub.AsyncPullImage(&context_, request, &queue);
    reader_->Finish(&response_, &status_, this);
  }

  void Finish() override {
    const absl::Status result = Result();
    if (result.ok()) {
      done_(response_.image_ref());
    } else {
      done_(result);
    }
  }

 private:
  ContainerRuntime::PullDone done_;
  cri::PullImageResponse response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<cri::PullImageResponse>>
      reader_;
};

class AnswerCall : public AsyncCall {
 public:
  explicit AnswerCall(ContainerRuntime::Done done) : done_(std::move(done)) {}

  void Start(cri::RuntimeService::Stub& stub, grpc::CompletionQueue& queue) {
    context_.set_wait_for_ready(true);
    reader_ = stub.AsyncVersion(&context_, cri::VersionRequest(), &queue);
    reader_->Finish(&response_, &status_, this);
  }

  void Finish() override { done_(Result()); }

 private:
  ContainerRuntime::Done done_;
  cri::VersionResponse response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<cri::VersionResponse>>
      reader_;
};

class CallHandle : public RunningCall {
 public:
  explicit CallHandle(std::shared_ptr<AsyncCall> call)
      : call_(std::move(call)) {}
  void Cancel() override { call_->Cancel(); }

 private:
  std::shared_ptr<AsyncCall> call_;
};

// The completion queue with its one thread, and the calls that are on it.
class CallQueue {
 public:
  CallQueue() : thread_([this] { Run(); }) {}

  ~CallQueue() {
    {
      MutexLock lock(mutex_);
      for (const auto& call : open_) call->Cancel();
    }
    queue_.Shutdown();
    thread_.join();
  }

  void Add(std::shared_ptr<AsyncCall> call) {
    MutexLock lock(mutex_);
    open_.insert(std::move(call));
  }

  grpc::CompletionQueue& queue() { return queue_; }

 private:
  void Run() {
    void* tag = nullptr;
    bool finished = false;
    while (queue_.Next(&tag, &finished)) {
      const std::shared_ptr<AsyncCall> call =
          static_cast<AsyncCall*>(tag)->shared_from_this();
      call->Finish();
      MutexLock lock(mutex_);
      open_.erase(call);
    }
  }

  grpc::CompletionQueue queue_;
  Mutex mutex_;
  absl::flat_hash_set<std::shared_ptr<AsyncCall>> open_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

class CriClient : public ContainerRuntime {
 public:
  explicit CriClient(const std::string& socket)
      : channel_(OpenChannel(socket)),
        images_(cri::ImageService::NewStub(channel_)),
        runtime_(cri::RuntimeService::NewStub(channel_)) {}

  absl::StatusOr<RuntimeVersion> Version(absl::Duration timeout,
                                         const std::stop_token& stop) override {
    cri::VersionResponse response;
    const absl::Status status =
        Ask(timeout, stop, [&](grpc::ClientContext& context) {
          return runtime_->Version(&context, cri::VersionRequest(), &response);
        });
    if (!status.ok()) return status;
    return RuntimeVersion{response.runtime_name(), response.runtime_version()};
  }

  absl::StatusOr<std::vector<StoredImage>> ListImages(
      absl::Duration timeout, const std::stop_token& stop) override {
    cri::ListImagesResponse response;
    const absl::Status status =
        Ask(timeout, stop, [&](grpc::ClientContext& context) {
          return images_->ListImages(&context, cri::ListImagesRequest(),
                                     &response);
        });
    if (!status.ok()) return status;
    std::vector<StoredImage> images;
    images.reserve(response.images_size());
    for (cri::Image& image : *response.mutable_images()) {
      images.push_back(
          {.id = std::move(*image.mutable_id()),
           .repo_tags = {image.repo_tags().begin(), image.repo_tags().end()},
           .repo_digests = {image.repo_digests().begin(),
                            image.repo_digests().end()},
           .size_bytes = static_cast<int64_t>(image.size()),
           .pinned = image.pinned()});
    }
    return images;
  }

  std::unique_ptr<RunningCall> StartPull(const std::string& image,
                                         PullDone done) override {
    auto call = std::make_shared<PullCall>(std::move(done));
    calls_.Add(call);
    call->Start(*images_, image, calls_.queue());
    return std::make_unique<CallHandle>(call);
  }

  std::unique_ptr<RunningCall> AwaitAnswer(Done done) override {
    auto call = std::make_shared<AnswerCall>(std::move(done));
    calls_.Add(call);
    call->Start(*runtime_, calls_.queue());
    return std::make_unique<CallHandle>(call);
  }

  RuntimeFeatures features() const override { return {}; }

 private:
  // A synchronous call that ends at `timeout` and at `stop`.
  template <typename Call>
  static absl::Status Ask(absl::Duration timeout, const std::stop_token& stop,
                          Call call) {
    grpc::ClientContext context;
    context.set_deadline(DeadlineIn(timeout));
    std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    return FromGrpc(call(context), stop.stop_requested());
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<cri::ImageService::Stub> images_;
  std::unique_ptr<cri::RuntimeService::Stub> runtime_;
  CallQueue calls_;  // last: its calls end before the stubs do
};

}  // namespace

std::unique_ptr<ContainerRuntime> MakeCriClient(const std::string& socket) {
  return std::make_unique<CriClient>(socket);
}

std::string GrpcVersion() { return grpc::Version(); }

}  // namespace prepull
