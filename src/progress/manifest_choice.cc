#include "prepull/progress/manifest_choice.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace prepull {
namespace {

constexpr char kConfigLabel[] = "containerd.io/gc.ref.content.config";
constexpr char kBlobLabels[] = "containerd.io/gc.ref.content.";
constexpr char kManifestLabels[] = "containerd.io/gc.ref.content.m.";

using Blobs = std::vector<const StoredBlob*>;

bool IsManifest(const StoredBlob& blob) { return !ConfigOf(blob).empty(); }

// Whether the index `blob` names `digest`.
bool Names(const StoredBlob& blob, const std::string& digest) {
  return std::any_of(blob.labels.begin(), blob.labels.end(),
                     [&](const auto& label) {
                       return label.second == digest &&
                              absl::StartsWith(label.first, kManifestLabels);
                     });
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
    if (blob.digest == digest || Names(*root, blob.digest)) {
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
    if (ConfigOf(blob) != config) continue;
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

// As a label's value, the digest of a blob that `moves`.
bool NamesMovingBlob(const StoredBlob& manifest,
                     absl::FunctionRef<bool(const std::string& digest)> moves) {
  return std::any_of(manifest.labels.begin(), manifest.labels.end(),
                     [&](const auto& label) {
                       return absl::StartsWith(label.first, kBlobLabels) &&
                              moves(label.second);
                     });
}

}  // namespace

BlobSource SourceOf(const Reference& reference) {
  const std::string& registry = reference.registry();
  const std::string repository =
      reference.repository().substr(registry.size() + 1);
  if (absl::StartsWith(registry, "[")) {
    return {registry.substr(1, registry.find(']') - 1), repository};
  }
  return {registry.substr(0, registry.find(':')), repository};
}

std::string ConfigOf(const StoredBlob& blob) {
  const auto label = blob.labels.find(kConfigLabel);
  return label == blob.labels.end() ? "" : label->second;
}

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
    return NamesMovingBlob(*blob, moves);
  }));
}

}  // namespace prepull
