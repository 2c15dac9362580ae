// What a registry says an image consists of: a manifest, or an index of one
// manifest a platform. Pure.
//
// What a registry serves is not trusted: the text is bounded in every way.
// Source: https://github.com/opencontainers/image-spec/blob/main/manifest.md
// https://github.com/opencontainers/image-spec/blob/main/image-index.md
#ifndef PREPULL_IMAGE_MANIFEST_H_
#define PREPULL_IMAGE_MANIFEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct ManifestBlob {
  std::string digest = "";
  int64_t size_bytes = 0;
};

struct ImageManifest {
  ManifestBlob config = {};
  std::vector<ManifestBlob> layers = {};  // the lowest first
};

// As Go names them: "linux", "arm64", "v8". Empty: not said.
struct Platform {
  std::string os = "";
  std::string architecture = "";
  std::string variant = "";
};

struct ImageIndex {
  struct Entry {
    ManifestBlob manifest = {};
    Platform platform = {};
  };
  std::vector<Entry> entries = {};
};

// Errors: INVALID_ARGUMENT  it is neither, or could be read as both, or is of
// Docker's schema 1; names more than 10,000 blobs, or such as have more than 4
// TiB together.
absl::StatusOr<std::variant<ImageManifest, ImageIndex>> ParseManifest(
    absl::string_view json);

// The labels in an image's config; none where there is none. Errors:
// INVALID_ARGUMENT  it is no config.
// Source: https://github.com/opencontainers/image-spec/blob/main/config.md
absl::StatusOr<std::map<std::string, std::string>> ParseImageLabels(
    absl::string_view config_json);

// The one that this program was built for.
Platform OwnPlatform();

// The entry that a runtime on `wanted` would take: of its variant, else of the
// next lower one. Errors: NOT_FOUND  there is none; names those there are.
absl::StatusOr<ManifestBlob> ChoosePlatform(const ImageIndex& index,
                                            const Platform& wanted);

}  // namespace prepull

#endif  // PREPULL_IMAGE_MANIFEST_H_
