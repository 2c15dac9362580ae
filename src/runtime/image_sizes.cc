#include "prepull/runtime/image_sizes.h"

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "cri/image_service.grpc.pb.h"
#include "prepull/base/status_macros.h"
#include "src/runtime/blocking_call.h"

namespace prepull {

class ImageSizes::Stub {
 public:
  explicit Stub(const std::string& socket)
      : images_(grpc::CreateChannel(absl::StrCat("unix:", socket),
                                    grpc::InsecureChannelCredentials())) {}

  ::runtime::v1::ImageService::Stub& images() { return images_; }

 private:
  ::runtime::v1::ImageService::Stub images_;
};

ImageSizes::ImageSizes(const std::string& socket)
    : stub_(std::make_unique<Stub>(socket)) {}

ImageSizes::~ImageSizes() = default;

absl::StatusOr<int64_t> ImageSizes::Ask(const std::string& image_ref,
                                        absl::Duration timeout,
                                        const std::stop_token& stop) {
  ::runtime::v1::ImageStatusRequest request;
  request.mutable_image()->set_image(image_ref);
  ::runtime::v1::ImageStatusResponse response;
  RETURN_IF_ERROR(
      BlockingCall(timeout, stop, [&](grpc::ClientContext& context) {
        return stub_->images().ImageStatus(&context, request, &response);
      }));
  if (!response.has_image()) return absl::NotFoundError("image not found");
  return static_cast<int64_t>(response.image().size());
}

}  // namespace prepull
