#include "prepull/image/manifest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

namespace json = boost::json;

constexpr size_t kMostBlobs = 10'000;
constexpr size_t kMostShownPlatforms = 12;
// Half a million such images can be added up.
constexpr int64_t kLargestImage = int64_t{1} << 44;

absl::Status Malformed(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

// Empty if `field` is missing or no text.
std::string Text(const json::object& object, json::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_string()
             ? std::string(value->as_string())
             : "";
}

absl::StatusOr<ManifestBlob> ReadBlob(const json::value* value) {
  if (value == nullptr || !value->is_object()) {
    return Malformed("a blob is no object");
  }
  ManifestBlob blob = {.digest = Text(value->as_object(), "digest")};
  if (blob.digest.empty()) return Malformed("a blob has no digest");
  const json::value* size = value->as_object().if_contains("size");
  if (size == nullptr || !size->is_int64() || size->as_int64() < 0 ||
      size->as_int64() > kLargestImage) {
    return Malformed("a blob has no size");
  }
  blob.size_bytes = size->as_int64();
  return blob;
}

absl::StatusOr<const json::array*> ReadList(const json::value& list) {
  if (!list.is_array()) return Malformed("has no layers");
  if (list.as_array().size() > kMostBlobs) {
    return Malformed("has too many layers");
  }
  return &list.as_array();
}

absl::StatusOr<ImageManifest> ReadManifest(const json::object& document,
                                           const json::value& layers) {
  ImageManifest manifest;
  ASSIGN_OR_RETURN(manifest.config, ReadBlob(document.if_contains("config")));
  ASSIGN_OR_RETURN(const json::array* list, ReadList(layers));
  int64_t total_bytes = manifest.config.size_bytes;
  for (const json::value& layer : *list) {
    ASSIGN_OR_RETURN(ManifestBlob blob, ReadBlob(&layer));
    total_bytes += blob.size_bytes;
    if (total_bytes > kLargestImage) return Malformed("is too large");
    manifest.layers.push_back(std::move(blob));
  }
  return manifest;
}

absl::StatusOr<ImageIndex> ReadIndex(const json::value& manifests) {
  ImageIndex index;
  ASSIGN_OR_RETURN(const json::array* list, ReadList(manifests));
  for (const json::value& value : *list) {
    ImageIndex::Entry entry;
    ASSIGN_OR_RETURN(entry.manifest, ReadBlob(&value));
    const json::value* platform = value.as_object().if_contains("platform");
    if (platform != nullptr && platform->is_object()) {
      const json::object& said = platform->as_object();
      entry.platform = {.os = Text(said, "os"),
                        .architecture = Text(said, "architecture"),
                        .variant = Text(said, "variant")};
    }
    index.entries.push_back(std::move(entry));
  }
  return index;
}

// The variants of `wanted` that run on it, the best first; "" is the lowest of
// an architecture, but of arm64 it is another name of v8.
// Source: https://github.com/containerd/platforms, compare.go
std::vector<std::string> FittingVariants(const Platform& wanted) {
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
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !document.is_object()) return Malformed("is no JSON object");
  const json::object& object = document.as_object();
  const json::value* layers = object.if_contains("layers");
  const json::value* manifests = object.if_contains("manifests");
  if (layers != nullptr && manifests != nullptr) {
    return Malformed("could be a manifest as well as an index");
  }
  if (object.contains("fsLayers")) {
    return Malformed("is of schema 1, which runtimes no longer take");
  }
  if (manifests != nullptr) return ReadIndex(*manifests);
  if (layers == nullptr) return Malformed("has no layers");
  return ReadManifest(object, *layers);
}

absl::StatusOr<std::map<std::string, std::string>> ParseImageLabels(
    absl::string_view text) {
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !document.is_object()) return Malformed("is no JSON object");
  std::map<std::string, std::string> labels;
  const json::value* config = document.as_object().if_contains("config");
  if (config == nullptr || !config->is_object()) return labels;
  const json::value* said = config->as_object().if_contains("Labels");
  if (said == nullptr || !said->is_object()) return labels;
  for (const auto& [name, value] : said->as_object()) {
    if (value.is_string()) labels[name] = value.as_string();
  }
  return labels;
}

absl::StatusOr<ManifestBlob> ChoosePlatform(const ImageIndex& index,
                                            const Platform& wanted) {
  for (const std::string& variant : FittingVariants(wanted)) {
    const auto fits = [&](const ImageIndex::Entry& entry) {
      return entry.platform.os == wanted.os &&
             entry.platform.architecture == wanted.architecture &&
             entry.platform.variant == variant;
    };
    const auto found =
        std::find_if(index.entries.begin(), index.entries.end(), fits);
    if (found != index.entries.end()) return found->manifest;
  }
  std::vector<std::string> there;
  for (const ImageIndex::Entry& entry : index.entries) {
    if (there.size() == kMostShownPlatforms) break;
    there.push_back(PlatformName(entry.platform));
  }
  return absl::NotFoundError(
      absl::StrCat("nothing for ", PlatformName(wanted), ", only for ",
                   there.empty() ? "no platform" : absl::StrJoin(there, ", ")));
}

}  // namespace prepull
