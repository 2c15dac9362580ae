// The blobs that an image's manifest names. Pure.
#ifndef PREPULL_PROGRESS_IMAGE_MANIFEST_H_
#define PREPULL_PROGRESS_IMAGE_MANIFEST_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/image/manifest.h"

namespace prepull {

// The config and the layers of a manifest, each digest once. Errors:
//   INVALID_ARGUMENT  as ParseManifest's; an index is none
absl::StatusOr<std::vector<ManifestBlob>> ParseManifestBlobs(
    absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_PROGRESS_IMAGE_MANIFEST_H_
