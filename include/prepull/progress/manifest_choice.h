// Which of the manifests that came from a repository is the one that a pull
// has just fetched. Pure.
//
// containerd does not say which downloads belong to which pull, but labels a
// manifest with the digests that it names. At most one pull without a known
// manifest runs in a repository, and yet others may pull from it too: where
// there is a doubt, none is chosen.
// Source: github.com/containerd/containerd, docs/garbage-collection.md
#ifndef PREPULL_PROGRESS_MANIFEST_CHOICE_H_
#define PREPULL_PROGRESS_MANIFEST_CHOICE_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/image/reference.h"
#include "prepull/runtime/runtime_extension.h"

namespace prepull {

// Where a blob came from, as containerd's labels name it.
struct BlobSource {
  std::string host;        // of the registry, without its port
  std::string repository;  // "team/app"
};

BlobSource SourceOf(const Reference& reference);

// What is known of the pull.
struct PullTraces {
  std::string digest = "";  // of its reference; empty for a tag
  // The runtime's name for the pulled image: on containerd its config's
  // digest, which tells the manifest for certain. Empty while it is pulled.
  std::string image_ref = "";
  absl::Time started_at = absl::InfinitePast();  // wall time
};

// The config's digest as a manifest's label names it; empty for an index and
// for what is no manifest.
std::string ConfigOf(const StoredBlob& blob);

// Null where it cannot be told. `is_taken`: belongs to another image of the
// run; `moves`: a download of this digest has moved since the attempt began.
const StoredBlob* ChooseManifest(
    const std::vector<StoredBlob>& blobs, const PullTraces& pull,
    absl::FunctionRef<bool(const std::string& digest)> is_taken,
    absl::FunctionRef<bool(const std::string& digest)> moves);

}  // namespace prepull

#endif  // PREPULL_PROGRESS_MANIFEST_CHOICE_H_
