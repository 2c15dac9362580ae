#include "prepull/catalog/image_content.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// The distribution project's limit for manifests; a config is of that size.
constexpr int64_t kMaxConfigBytes = 4 << 20;

// Keeps one file.
class OneFile : public FileReceiver {
 public:
  absl::Status Open(const std::string&) override {
    text.clear();
    return absl::OkStatus();
  }
  absl::Status Append(absl::string_view bytes) override {
    absl::StrAppend(&text, bytes);
    return absl::OkStatus();
  }
  absl::Status Close() override { return absl::OkStatus(); }

  std::string text = "";
};

}  // namespace

ImageContent::ImageContent(Reference image, ImageManifest manifest,
                           RegistryClient& registry)
    : image_(std::move(image)),
      manifest_(std::move(manifest)),
      registry_(&registry) {}

absl::StatusOr<ImageContent> ImageContent::Of(const Reference& image,
                                              RegistryClient& registry) {
  ASSIGN_OR_RETURN(ResolvedManifest resolved, registry.FetchManifest(image));
  return ImageContent(image, std::move(resolved.manifest), registry);
}

int ImageContent::count() const {
  return static_cast<int>(manifest_.layers.size());
}

absl::Status ImageContent::Read(int layer, ByteSink sink) {
  const absl::Status read = registry_->FetchBlob(
      image_, manifest_.layers[static_cast<size_t>(layer)], sink);
  // A missing layer must not look like a missing file.
  return absl::IsNotFound(read)
             ? absl::DataLossError(
                   absl::StrCat("layer ", layer + 1, ": ", read.message()))
             : read;
}

absl::StatusOr<std::map<std::string, std::string>> ImageContent::Labels()
    const {
  if (manifest_.config.size_bytes > kMaxConfigBytes) {
    return absl::InvalidArgumentError("image config: larger than 4 MiB");
  }
  std::string config;
  RETURN_IF_ERROR(Annotate(registry_->FetchBlob(image_, manifest_.config,
                                                [&](absl::string_view bytes) {
                                                  absl::StrAppend(&config,
                                                                  bytes);
                                                  return absl::OkStatus();
                                                }),
                           "image config"));
  auto labels = ParseImageLabels(config);
  RETURN_IF_ERROR(Annotate(labels.status(), "image config"));
  return labels;
}

absl::StatusOr<std::string> ImageContent::ReadFile(const std::string& path,
                                                   int64_t limit_bytes) {
  OneFile file;
  RETURN_IF_ERROR(ReadImageFiles(*this, path, limit_bytes, file));
  return std::move(file.text);
}

}  // namespace prepull
