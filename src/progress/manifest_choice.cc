#include "prepull/progress/manifest_choice.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

using Blobs = std::vector<const StoredBlob*>;

bool IsManifest(const StoredBlob& blob) { return !blob.config.empty(); }

bool RefersTo(const StoredBlob& blob, const std::string& digest) {
  return std::find(blob.refers_to.begin(), blob.refers_to.end(), digest) !=
         blob.refers_to.end();
}

// The manifests that the reference's digest stands for: itself, or those
// that it names as an index.
Blobs ManifestsOf(const std::vector<StoredBlob>& blobs,
                  const std::string& digest) {
  const auto root = std::find_if(
      blobs.begin(), blobs.end(),
      [&](const StoredBlob& blob) { return blob.digest == digest; });
  Blobs found;
  if (root == blobs.end()) return found;
  for (const StoredBlob& blob : blobs) {
    if (!IsManifest(blob)) continue;
    if (blob.digest == digest || RefersTo(*root, blob.digest)) {
      found.push_back(&blob);
    }
  }
  return found;
}

const StoredBlob* TheOnly(const Blobs& blobs) {
  return blobs.size() == 1 ? blobs.front() : nullptr;
}

template <typename Fits>
Blobs Those(const Blobs& blobs, Fits fits) {
  Blobs found;
  std::copy_if(blobs.begin(), blobs.end(), std::back_inserter(found), fits);
  return found;
}

// The newest, should two manifests have the same config.
const StoredBlob* WithConfig(const std::vector<StoredBlob>& blobs,
                             const std::string& config) {
  const StoredBlob* newest = nullptr;
  for (const StoredBlob& blob : blobs) {
    if (blob.config != config) continue;
    if (newest == nullptr || blob.created_at > newest->created_at) {
      newest = &blob;
    }
  }
  return newest;
}

Blobs UntakenManifests(
    const std::vector<StoredBlob>& blobs,
    absl::FunctionRef<bool(const std::string& digest)> is_taken) {
  Blobs candidates;
  for (const StoredBlob& blob : blobs) {
    if (IsManifest(blob) && !is_taken(blob.digest)) candidates.push_back(&blob);
  }
  return candidates;
}

bool RefersToMovingBlob(
    const StoredBlob& manifest,
    absl::FunctionRef<bool(const std::string& digest)> moves) {
  return std::any_of(manifest.refers_to.begin(), manifest.refers_to.end(),
                     moves);
}

}  // namespace

const StoredBlob* ChooseManifest(
    const std::vector<StoredBlob>& blobs, const PullTraces& pull,
    absl::FunctionRef<bool(const std::string& digest)> is_taken,
    absl::FunctionRef<bool(const std::string& digest)> moves) {
  if (!pull.image_ref.empty()) return WithConfig(blobs, pull.image_ref);
  Blobs candidates;
  if (!pull.digest.empty()) {
    candidates = ManifestsOf(blobs, pull.digest);
    if (candidates.size() == 1) return candidates.front();
  } else {
    candidates = UntakenManifests(blobs, is_taken);
  }
  const Blobs fresh = Those(candidates, [&](const StoredBlob* blob) {
    return blob->created_at >= pull.started_at;
  });
  if (!fresh.empty()) return TheOnly(fresh);
  // One that an earlier run left keeps its time: its layers tell.
  return TheOnly(Those(candidates, [&](const StoredBlob* blob) {
    return RefersToMovingBlob(*blob, moves);
  }));
}

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
