#include "prepull/runtime/cri_client.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cri/image_service.grpc.pb.h"
#include "cri/runtime_service.grpc.pb.h"
#include "prepull/base/mutex.h"
#include "src/runtime/blocking_call.h"
#include "src/runtime/call_queue.h"
#include "src/runtime/image_info.h"
#include "src/runtime/runtime_services.h"

namespace prepull {
namespace {

namespace cri = ::runtime::v1;

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& socket) {
  grpc::ChannelArguments arguments;
  // ListImages of a large node exceeds gRPC's 4 MiB.
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A runtime that restarts is back within a second or two, and asking a unix
  // socket costs nothing. (GRPC_ARG_MIN_RECONNECT_BACKOFF_MS stays as it is: it
  // limits the handshake, and a busy runtime takes its time.)
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(absl::StrCat("unix:", socket),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

// Without a server address: containerd drops the credential silently if that
// has no scheme.
void SetAuth(const Credential& credential, cri::AuthConfig& auth) {
  auth.set_username(credential.username);
  auth.set_password(credential.password);
  auth.set_identity_token(credential.identity_token);
  auth.set_registry_token(credential.registry_token);
}

// Takes the strings out of `response`: a large node's list has megabytes.
std::vector<StoredImage> ImagesOf(cri::ListImagesResponse& response) {
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

absl::StatusOr<std::optional<Platform>> PlatformOf(
    const cri::ImageStatusResponse& response) {
  if (!response.has_image()) return absl::NotFoundError("image not found");
  const auto info = response.info().find("info");
  if (info == response.info().end()) return std::nullopt;
  return PlatformOfInfo(info->second);
}

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
        BlockingCall(timeout, stop, [&](grpc::ClientContext& context) {
          return runtime_->Version(&context, cri::VersionRequest(), &response);
        });
    if (!status.ok()) return status;
    MakeServices(response.runtime_name());
    return RuntimeVersion{response.runtime_name(), response.runtime_version(),
                          response.runtime_api_version()};
  }

  absl::StatusOr<std::vector<ImageFileSystem>> ImageFileSystems(
      absl::Duration timeout, const std::stop_token& stop) override {
    cri::ImageFsInfoResponse response;
    const absl::Status status =
        BlockingCall(timeout, stop, [&](grpc::ClientContext& context) {
          return images_->ImageFsInfo(&context, cri::ImageFsInfoRequest(),
                                      &response);
        });
    if (!status.ok()) return status;
    std::vector<ImageFileSystem> file_systems;
    for (const cri::FilesystemUsage& each : response.image_filesystems()) {
      file_systems.push_back(
          {.mountpoint = each.fs_id().mountpoint(),
           .image_bytes = static_cast<int64_t>(each.used_bytes().value())});
    }
    return file_systems;
  }

  std::unique_ptr<RunningCall> ListImages(ListDone done) override {
    using Answer = cri::ListImagesResponse;
    return calls_.Ask<Answer>(
        [this](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          return images_->AsyncListImages(context, cri::ListImagesRequest(),
                                          queue);
        },
        Converting<Answer>(std::move(done), ImagesOf));
  }

  std::unique_ptr<RunningCall> GetPlatform(const std::string& id,
                                           PlatformDone done) override {
    using Answer = cri::ImageStatusResponse;
    cri::ImageStatusRequest request;
    request.mutable_image()->set_image(id);
    request.set_verbose(true);
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          return images_->AsyncImageStatus(context, request, queue);
        },
        Converting<Answer>(std::move(done), PlatformOf));
  }

  std::unique_ptr<RunningCall> StartPull(const PullRequest& request,
                                         PullDone done) override {
    using Answer = cri::PullImageResponse;
    cri::PullImageRequest pull;
    pull.mutable_image()->set_image(request.image);
    // An anonymous pull has no AuthConfig: an empty one would keep containerd
    // from the registry credentials of its own configuration.
    if (request.credential) {
      SetAuth(*request.credential, *pull.mutable_auth());
    }
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          if (!request.lease_id.empty()) {
            context->AddMetadata("containerd-lease", request.lease_id);
          }
          return images_->AsyncPullImage(context, pull, queue);
        },
        Converting<Answer>(std::move(done), [](Answer& answer) {
          return std::move(*answer.mutable_image_ref());
        }));
  }

  std::unique_ptr<RunningCall> RemoveImage(const std::string& id,
                                           Done done) override {
    using Answer = cri::RemoveImageResponse;
    cri::RemoveImageRequest remove;
    remove.mutable_image()->set_image(id);
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          return images_->AsyncRemoveImage(context, remove, queue);
        },
        Ending<Answer>(std::move(done)));
  }

  std::unique_ptr<RunningCall> AwaitAnswer(Done done) override {
    using Answer = cri::VersionResponse;
    return calls_.Ask<Answer>(
        [this](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          context->set_wait_for_ready(true);
          return runtime_->AsyncVersion(context, cri::VersionRequest(), queue);
        },
        Ending<Answer>(std::move(done)));
  }

  Leases* leases() override { return Services().leases.get(); }
  Downloads* downloads() override { return Services().downloads.get(); }
  ImageRecords* image_records() override {
    return Services().image_records.get();
  }

 private:
  // Once: a runtime that restarts is the same one.
  void MakeServices(const std::string& runtime_name) {
    MutexLock lock(mutex_);
    if (services_) return;
    services_ = MakeRuntimeServices(runtime_name, channel_, calls_);
  }
  const RuntimeServices& Services() {
    static const RuntimeServices none;
    MutexLock lock(mutex_);
    return services_ ? *services_ : none;
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<cri::ImageService::Stub> images_;
  std::unique_ptr<cri::RuntimeService::Stub> runtime_;
  Mutex mutex_;
  std::optional<RuntimeServices> services_ ABSL_GUARDED_BY(mutex_);
  CallQueue calls_;  // last: its calls end before the stubs do
};

}  // namespace

std::unique_ptr<ContainerRuntime> MakeCriClient(const std::string& socket) {
  return std::make_unique<CriClient>(socket);
}

std::string GrpcVersion() { return grpc::Version(); }

}  // namespace prepull
