#include "prepull/progress/image_manifest.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "prepull/base/status_macros.h"

namespace prepull {

absl::StatusOr<std::vector<ManifestBlob>> ParseManifestBlobs(
    absl::string_view json) {
  ASSIGN_OR_RETURN(auto parsed, ParseManifest(json));
  ImageManifest* manifest = std::get_if<ImageManifest>(&parsed);
  if (manifest == nullptr) {
    return absl::InvalidArgumentError(
        "expected an image manifest, not an index");
  }
  std::vector<ManifestBlob> blobs;
  absl::flat_hash_set<std::string> seen;
  seen.insert(manifest->config.digest);
  blobs.push_back(std::move(manifest->config));
  for (ManifestBlob& layer : manifest->layers) {
    if (seen.insert(layer.digest).second) blobs.push_back(std::move(layer));
  }
  return blobs;
}

}  // namespace prepull
