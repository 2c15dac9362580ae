// The blobs that an image's manifest names. Pure.
//
// What a registry serves is not trusted: the text is bounded in every way.
// Source: https://github.com/opencontainers/image-spec/blob/main/manifest.md
#ifndef PREPULL_PULL_IMAGE_MANIFEST_H_
#define PREPULL_PULL_IMAGE_MANIFEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct ManifestBlob {
  std::string digest;
  int64_t size_bytes = 0;
};

// The config and the layers of a manifest, each digest once. Errors:
//   INVALID_ARGUMENT  it is no manifest (an index is none), or names more
//   than 10,000 layers or one of more than a pebibyte
absl::StatusOr<std::vector<ManifestBlob>> ParseManifestBlobs(
    absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_PULL_IMAGE_MANIFEST_H_
