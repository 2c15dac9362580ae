#include "prepull/image/manifest.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

constexpr size_t kMaxBlobs = 10'000;
constexpr size_t kMaxShownPlatforms = 12;
// Half a million such images can be added up.
constexpr int64_t kMaxImageBytes = int64_t{1} << 44;

absl::Status Malformed(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

absl::StatusOr<ManifestBlob> ReadBlob(JsonValue descriptor) {
  if (!descriptor.is_object()) return Malformed("blob: expected an object");
  ManifestBlob blob = {.digest = descriptor["digest"].StringOrEmpty()};
  if (blob.digest.empty()) return Malformed("blob: missing digest");
  blob.size_bytes = descriptor["size"].integer().value_or(-1);
  if (blob.size_bytes < 0 || blob.size_bytes > kMaxImageBytes) {
    return Malformed("blob: missing or invalid size");
  }
  return blob;
}

absl::StatusOr<std::vector<ManifestBlob>> ReadBlobs(JsonValue list) {
  if (!list.is_array()) return Malformed("missing layers");
  if (list.size() > kMaxBlobs) return Malformed("too many layers");
  std::vector<ManifestBlob> blobs;
  for (const JsonValue descriptor : list.elements()) {
    ASSIGN_OR_RETURN(ManifestBlob blob, ReadBlob(descriptor));
    blobs.push_back(std::move(blob));
  }
  return blobs;
}

absl::StatusOr<ImageManifest> ReadManifest(JsonValue document) {
  ImageManifest manifest;
  ASSIGN_OR_RETURN(manifest.config, ReadBlob(document["config"]));
  ASSIGN_OR_RETURN(manifest.layers, ReadBlobs(document["layers"]));
  int64_t total_bytes = manifest.config.size_bytes;
  for (const ManifestBlob& layer : manifest.layers) {
    total_bytes += layer.size_bytes;
    if (total_bytes > kMaxImageBytes) return Malformed("image too large");
  }
  return manifest;
}

absl::StatusOr<ImageIndex> ReadIndex(JsonValue manifests) {
  ASSIGN_OR_RETURN(std::vector<ManifestBlob> blobs, ReadBlobs(manifests));
  const std::vector<JsonValue> entries = manifests.elements();
  ImageIndex index;
  for (size_t i = 0; i < blobs.size(); ++i) {
    const JsonValue platform = entries[i]["platform"];
    index.entries.push_back(
        {.manifest = std::move(blobs[i]),
         .platform = {.os = platform["os"].StringOrEmpty(),
                      .architecture = platform["architecture"].StringOrEmpty(),
                      .variant = platform["variant"].StringOrEmpty()}});
  }
  return index;
}

// The variants of `wanted` that run on it, the best first; "" is the lowest of
// an architecture, but of arm64 it is another name of v8.
// Source: https://github.com/containerd/platforms, compare.go
std::vector<std::string> CompatibleVariants(const Platform& wanted) {
  std::vector<std::string> variants = {wanted.variant};
  if (wanted.architecture == "arm64") {
    for (const char* variant : {"v8", ""}) variants.push_back(variant);
  } else if (wanted.variant.size() == 2 && wanted.variant[0] == 'v') {
    for (char level = wanted.variant[1]; level > '1'; --level) {
      variants.push_back({'v', static_cast<char>(level - 1)});
    }
    variants.push_back("");
  }
  return variants;
}

}  // namespace

absl::StatusOr<std::variant<ImageManifest, ImageIndex>> ParseManifest(
    absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument document,
                   JsonDocument::ParseObject(text));
  const bool has_layers = document["layers"].exists();
  const bool has_manifests = document["manifests"].exists();
  if (has_layers && has_manifests) {
    return Malformed("ambiguous: both a manifest and an index");
  }
  if (document["fsLayers"].exists()) {
    return Malformed("schema 1 manifest: no longer supported by runtimes");
  }
  if (has_manifests) return ReadIndex(document["manifests"]);
  return ReadManifest(document.root());
}

absl::StatusOr<std::map<std::string, std::string>> ParseImageLabels(
    absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument document,
                   JsonDocument::ParseObject(text));
  std::map<std::string, std::string> labels;
  for (const auto& [name, value] : document["config"]["Labels"].members()) {
    if (value.is_string()) labels[std::string(name)] = value.StringOrEmpty();
  }
  return labels;
}

absl::StatusOr<ManifestBlob> ChoosePlatform(const ImageIndex& index,
                                            const Platform& wanted) {
  for (const std::string& variant : CompatibleVariants(wanted)) {
    const auto matches = [&](const ImageIndex::Entry& entry) {
      return entry.platform.os == wanted.os &&
             entry.platform.architecture == wanted.architecture &&
             entry.platform.variant == variant;
    };
    const auto found =
        std::find_if(index.entries.begin(), index.entries.end(), matches);
    if (found != index.entries.end()) return found->manifest;
  }
  std::vector<std::string> there;
  for (const ImageIndex::Entry& entry : index.entries) {
    if (there.size() == kMaxShownPlatforms) break;
    there.push_back(PlatformName(entry.platform));
  }
  return absl::NotFoundError(
      absl::StrCat("no image for ", PlatformName(wanted), ": available for ",
                   there.empty() ? "no platform" : absl::StrJoin(there, ", ")));
}

}  // namespace prepull
