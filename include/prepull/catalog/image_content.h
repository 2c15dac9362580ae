// An image at a registry, as what reads files out of it wants it.
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
  // Errors: as RegistryClient::FetchManifest's.
  static absl::StatusOr<ImageContent> Of(const Reference& image,
                                         RegistryClient& registry);

  int count() const override;
  absl::Status Read(int layer, ByteSink sink) override;
  absl::Status MayGoOn() const override { return registry_->MayGoOn(); }

  absl::StatusOr<std::map<std::string, std::string>> Labels() const;

  // The whole of one file. Errors: as ReadImageFiles's.
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
