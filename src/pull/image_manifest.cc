#include "src/pull/image_manifest.h"

#include <boost/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

namespace json = boost::json;

constexpr size_t kMostLayers = 10'000;
constexpr int64_t kLargestBlob = int64_t{1} << 50;

absl::Status Malformed(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

absl::StatusOr<ManifestBlob> ReadBlob(const json::value* value) {
  if (value == nullptr || !value->is_object()) {
    return Malformed("a blob is no object");
  }
  const json::value* digest = value->as_object().if_contains("digest");
  const json::value* size = value->as_object().if_contains("size");
  if (digest == nullptr || !digest->is_string() ||
      digest->as_string().empty()) {
    return Malformed("a blob has no digest");
  }
  if (size == nullptr || !size->is_int64() || size->as_int64() < 0 ||
      size->as_int64() > kLargestBlob) {
    return Malformed("a blob has no size");
  }
  return ManifestBlob{std::string(digest->as_string()), size->as_int64()};
}

}  // namespace

absl::StatusOr<std::vector<ManifestBlob>> ParseManifestBlobs(
    absl::string_view text) {
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !document.is_object()) return Malformed("is no JSON object");
  const json::object& manifest = document.as_object();
  const json::value* layers = manifest.if_contains("layers");
  if (layers == nullptr || !layers->is_array()) {
    return Malformed("has no layers");
  }
  if (layers->as_array().size() > kMostLayers) {
    return Malformed("has too many layers");
  }
  std::vector<ManifestBlob> blobs;
  absl::flat_hash_set<std::string> seen;
  ASSIGN_OR_RETURN(ManifestBlob config,
                   ReadBlob(manifest.if_contains("config")));
  seen.insert(config.digest);
  blobs.push_back(std::move(config));
  for (const json::value& layer : layers->as_array()) {
    ASSIGN_OR_RETURN(ManifestBlob blob, ReadBlob(&layer));
    if (seen.insert(blob.digest).second) blobs.push_back(std::move(blob));
  }
  return blobs;
}

}  // namespace prepull
