// The layers that the store of CRI-O has committed, as its own file lists them:
// of images, of pulls that still run and commit one layer after another, and of
// pulls that failed. A pull that starts later fetches none of them again.
//
// What it says may be wrong or late, for others change the store at any time;
// then a layer is fetched once more than need be.
//
// Threads: all methods are safe to call from any thread.
// Source: https://github.com/containers/storage, layers.go, and
// https://github.com/containers/image, storage/storage_dest.go
#ifndef PREPULL_RUNTIME_COMMITTED_LAYERS_H_
#define PREPULL_RUNTIME_COMMITTED_LAYERS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"

namespace prepull {

struct LayerSet {
  // By which manifests name them: of compressed layers and of uncompressed
  // ones.
  absl::flat_hash_set<std::string> digests;
  // Whether no layer of the store is known to a manifest by another digest.
  bool is_complete = true;
};

class CommittedLayers {
 public:
  using Layers = std::shared_ptr<const LayerSet>;  // not null

  virtual ~CommittedLayers() = default;

  // Returns those that are committed now.
  virtual Layers Now() = 0;

  // From now on, until the end of this, calls `changed` on another thread with
  // what is committed, each time that this is something else than Now said.
  virtual void Follow(std::function<void(Layers)> changed) = 0;
};

// Opens the store whose images are in `image_folder`, the mountpoint that the
// runtime names; `host_root`: where the host's root is mounted, "/" on the host
// itself. `files` outlives what is returned.
// Errors: UNIMPLEMENTED     no store of CRI-O's kind
//         NOT_FOUND         the store is not in sight, or cannot be watched
//         INVALID_ARGUMENT  its file is not what it should be
//         others            the file cannot be read
absl::StatusOr<std::unique_ptr<CommittedLayers>> OpenCommittedLayers(
    FileSystem& files, const std::string& host_root,
    const std::string& image_folder);

// The same; null where that fails, with a warning unless there is nothing to
// be seen.
std::unique_ptr<CommittedLayers> FindCommittedLayers(
    FileSystem& files, const std::string& host_root,
    const std::string& image_folder);

}  // namespace prepull

#endif  // PREPULL_RUNTIME_COMMITTED_LAYERS_H_
