#include "prepull/catalog/image_content.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// The distribution project's limit for a manifest, which a config resembles.
constexpr int64_t kLargestConfig = 4 << 20;

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
  // NOT_FOUND is of files in the image, and this is no word on them.
  return absl::IsNotFound(read)
             ? absl::DataLossError(
                   absl::StrCat("its layer ", layer + 1, ": ", read.message()))
             : read;
}

absl::StatusOr<std::map<std::string, std::string>> ImageContent::Labels()
    const {
  if (manifest_.config.size_bytes > kLargestConfig) {
    return absl::InvalidArgumentError("the image's config is too large");
  }
  std::string config;
  RETURN_IF_ERROR(Annotate(registry_->FetchBlob(image_, manifest_.config,
                                                [&](absl::string_view bytes) {
                                                  absl::StrAppend(&config,
                                                                  bytes);
                                                  return absl::OkStatus();
                                                }),
                           "the image's config"));
  auto labels = ParseImageLabels(config);
  RETURN_IF_ERROR(Annotate(labels.status(), "the image's config"));
  return labels;
}

absl::StatusOr<std::string> ImageContent::ReadFile(const std::string& path,
                                                   int64_t limit_bytes) {
  OneFile file;
  RETURN_IF_ERROR(ReadImageFiles(*this, path, limit_bytes, file));
  return std::move(file.text);
}

}  // namespace prepull
