// The labels and files of an image at a registry.
#ifndef PREPULL_CATALOG_IMAGE_CONTENT_H_
#define PREPULL_CATALOG_IMAGE_CONTENT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "prepull/registry/image_files.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

class ImageContent : public ImageLayers {
 public:
  // Fetches the manifest. `registry` must outlive the result. Errors: as
  // RegistryClient::FetchManifest.
  static absl::StatusOr<ImageContent> Of(const Reference& image,
                                         RegistryClient& registry);

  int count() const override;
  absl::Status Read(int layer, ByteSink sink) override;
  absl::Status MayGoOn() const override { return registry_->MayGoOn(); }

  // Fetches the labels of the image's config.
  absl::StatusOr<std::map<std::string, std::string>> Labels() const;

  // Reads one file as a whole. Errors: as ReadImageFiles.
  absl::StatusOr<std::string> ReadFile(const std::string& path,
                                       int64_t limit_bytes);

 private:
  ImageContent(Reference image, ImageManifest manifest,
               RegistryClient& registry);

  Reference image_;
  ImageManifest manifest_;
  RegistryClient* registry_;
};

}  // namespace prepull

#endif  // PREPULL_CATALOG_IMAGE_CONTENT_H_
