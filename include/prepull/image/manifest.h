// Image manifests, and indexes of one manifest per platform. Pure.
//
// The text is not trusted: everything is bounded.
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
#include "prepull/image/platform.h"

namespace prepull {

struct ManifestBlob {
  std::string digest = "";
  int64_t size_bytes = 0;
};

struct ImageManifest {
  ManifestBlob config = {};
  std::vector<ManifestBlob> layers = {};  // the lowest first
};

struct ImageIndex {
  struct Entry {
    ManifestBlob manifest = {};
    Platform platform = {};
  };
  std::vector<Entry> entries = {};
};

// Errors: INVALID_ARGUMENT  not a manifest or index, ambiguous, or Docker's
// schema 1; more than 10,000 blobs, or more than 16 TiB in total, so that sums
// over a list of images fit 64 bits.
absl::StatusOr<std::variant<ImageManifest, ImageIndex>> ParseManifest(
    absl::string_view json);

// Returns the labels in an image's config. Errors: INVALID_ARGUMENT  not a
// config.
// Source: https://github.com/opencontainers/image-spec/blob/main/config.md
absl::StatusOr<std::map<std::string, std::string>> ParseImageLabels(
    absl::string_view config_json);

// Returns the entry that a runtime on `wanted` chooses: of its variant, else of
// the next lower one. Errors: NOT_FOUND  none; names the available platforms.
absl::StatusOr<ManifestBlob> ChoosePlatform(const ImageIndex& index,
                                            const Platform& wanted);

}  // namespace prepull

#endif  // PREPULL_IMAGE_MANIFEST_H_
