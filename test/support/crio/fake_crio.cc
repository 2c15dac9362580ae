#include "test/support/crio/fake_crio.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cri/image_service.grpc.pb.h"
#include "cri/runtime_service.grpc.pb.h"
#include "test/support/cri/cri_listener.h"
#include "test/support/cri/reactor.h"
#include "test/support/crio/image_pull.h"
#include "test/support/crio/node_images.h"
#include "test/support/crio/pull_calls.h"

namespace prepull {
namespace {

namespace cri = ::runtime::v1;

grpc::ServerUnaryReactor* Answered() {
  auto* reactor = new Reactor;
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

// What CRI-O 1.36 and later say of a pull that failed: unless it was the
// network's fault, they have tried whether it is an artifact.
absl::Status AsCrioSaysIt(const absl::Status& error) {
  if (error.ok()) return error;
  const absl::string_view text = error.message();
  if (absl::IsCancelled(error)) {
    return absl::CancelledError(absl::StrCat("unable to pull image: ", text));
  }
  if (absl::IsUnavailable(error)) {
    return absl::UnknownError(absl::StrCat(
        absl::StrContains(text, "connection refused") ? "RegistryUnavailable: "
                                                      : "",
        "unable to pull image: ", text));
  }
  const absl::string_view artifact =
      absl::StartsWith(text, "initializing source")
          ? text
          : "reference is a container image, not an OCI artifact";
  return absl::UnknownError(absl::StrCat(
      "unable to pull image or OCI artifact: pull image err: ", text,
      "; artifact err: ", artifact));
}

}  // namespace

class FakeCrio::Server : public cri::ImageService::CallbackService,
                         public cri::RuntimeService::CallbackService {
 public:
  explicit Server(const Options& options)
      : version_(options.version),
        setup_{.agent = absl::StrCat("cri-o/", options.version,
                                     " go/go1.26 os/linux arch/amd64"),
               .big_files = options.big_files,
               .unpack_per_mib = options.unpack_per_mib},
        node_(options.graph_root),
        listener_(options.socket,
                  {static_cast<cri::ImageService::CallbackService*>(this),
                   static_cast<cri::RuntimeService::CallbackService*>(this)}) {
    listener_.Start();
  }

  grpc::ServerUnaryReactor* Version(grpc::CallbackServerContext*,
                                    const cri::VersionRequest*,
                                    cri::VersionResponse* response) override {
    response->set_version("0.1.0");
    response->set_runtime_name("cri-o");
    response->set_runtime_version(version_);
    response->set_runtime_api_version("v1");
    return Answered();
  }

  grpc::ServerUnaryReactor* ListImages(
      grpc::CallbackServerContext*, const cri::ListImagesRequest*,
      cri::ListImagesResponse* response) override {
    for (cri::Image& image : node_.List()) {
      *response->add_images() = std::move(image);
    }
    return Answered();
  }

  grpc::ServerUnaryReactor* ImageStatus(
      grpc::CallbackServerContext*, const cri::ImageStatusRequest* request,
      cri::ImageStatusResponse* response) override {
    node_.GetStatus(*request, *response);
    return Answered();
  }

  grpc::ServerUnaryReactor* RemoveImage(grpc::CallbackServerContext*,
                                        const cri::RemoveImageRequest* request,
                                        cri::RemoveImageResponse*) override {
    node_.Remove(request->image().image());
    return Answered();
  }

  grpc::ServerUnaryReactor* ImageFsInfo(
      grpc::CallbackServerContext*, const cri::ImageFsInfoRequest*,
      cri::ImageFsInfoResponse* response) override {
    cri::FilesystemUsage* usage = response->add_image_filesystems();
    usage->mutable_fs_id()->set_mountpoint(node_.image_folder());
    usage->mutable_used_bytes()->set_value(node_.bytes());
    return Answered();
  }

  grpc::ServerUnaryReactor* PullImage(
      grpc::CallbackServerContext*, const cri::PullImageRequest* request,
      cri::PullImageResponse* response) override {
    auto* reactor = new Reactor;
    const std::string& image = request->image().image();
    const Credential credential = {.username = request->auth().username(),
                                   .password = request->auth().password()};
    const std::string key = absl::StrCat(image, "\n", credential.username, "\n",
                                         credential.password);
    calls_.Start(
        key,
        [this, image, credential](std::stop_token stop) {
          return Pull(image, credential, std::move(stop));
        },
        reactor, response);
    return reactor;
  }

 private:
  absl::StatusOr<std::string> Pull(const std::string& image,
                                   const Credential& credential,
                                   std::stop_token stop) {
    const absl::StatusOr<Reference> name = Reference::Parse(image);
    if (!name.ok()) return absl::UnknownError("invalid reference format");
    absl::StatusOr<std::string> id =
        ImagePull(setup_, *name, credential, node_, std::move(stop)).Run();
    if (!id.ok()) return AsCrioSaysIt(id.status());
    return id;
  }

  const std::string version_;
  const PullSetup setup_;
  NodeImages node_;
  PullCalls calls_;
  CriListener listener_;  // last: its end cancels the calls and waits for them
};

FakeCrio::FakeCrio(const Options& options)
    : server_(std::make_unique<Server>(options)) {}

FakeCrio::~FakeCrio() = default;

}  // namespace prepull
