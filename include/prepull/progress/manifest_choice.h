// Which of the manifests that came from a repository is the one that a pull
// has just fetched, and what it refers to. Pure.
//
// A runtime does not say which downloads belong to which pull, but which blobs
// a manifest refers to. At most one pull without a known manifest runs in a
// repository, but others may pull from it, too: in doubt none is chosen.
#ifndef PREPULL_PROGRESS_MANIFEST_CHOICE_H_
#define PREPULL_PROGRESS_MANIFEST_CHOICE_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/image/manifest.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

// What is known of the pull.
struct PullTraces {
  std::string digest = "";  // of its reference; empty for a tag
  // The runtime's name for the pulled image: on containerd its config's
  // digest, which tells the manifest for certain. Empty while it is pulled.
  std::string image_ref = "";
  absl::Time started_at = absl::InfinitePast();  // wall time
};

// Null where it cannot be told. `is_taken`: belongs to another image of the
// run; `moves`: a download of this digest has moved since the attempt began.
const StoredBlob* ChooseManifest(
    const std::vector<StoredBlob>& blobs, const PullTraces& pull,
    absl::FunctionRef<bool(const std::string& digest)> is_taken,
    absl::FunctionRef<bool(const std::string& digest)> moves);

// The config and the layers of a manifest, each digest once. Errors:
//   INVALID_ARGUMENT  as ParseManifest's, and for an index
absl::StatusOr<std::vector<ManifestBlob>> ParseManifestBlobs(
    absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_PROGRESS_MANIFEST_CHOICE_H_
