// One pull of CRI-O: what containers/image does for it.
//
// Fetches the manifest, the config and then the layers, six at once, each into
// a file of a folder that is the pull's own. A layer is committed when all
// below it are. What is committed stays on the node; all else is lost when the
// pull ends. A layer that fails does not end the others.
// Source: https://github.com/containers/image, copy/single.go,
// docker/body_reader.go and storage/storage_dest.go
#ifndef PREPULL_TEST_SUPPORT_CRIO_IMAGE_PULL_H_
#define PREPULL_TEST_SUPPORT_CRIO_IMAGE_PULL_H_

#include <atomic>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/auth/credential.h"
#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "test/support/crio/crio_registry.h"
#include "test/support/crio/node_images.h"

namespace prepull {

struct PullSetup {
  std::string agent;      // the User-Agent
  std::string big_files;  // where the pulls have their folders
  absl::Duration unpack_per_mib = absl::ZeroDuration();
};

class ImagePull {
 public:
  ImagePull(const PullSetup& setup, const Reference& name,
            const Credential& credential, NodeImages& node,
            std::stop_token stop);

  // Pulls; returns the image's id. Once. Errors: as CrioRegistry.
  absl::StatusOr<std::string> Run();

 private:
  // Sets `manifest` and the digests of `image`.
  absl::Status FindManifest(PulledImage& image);
  absl::StatusOr<std::string> GetVerifiedManifest(const std::string& wanted);
  absl::Status ChooseManifest(const ImageIndex& index, PulledImage& image);
  absl::Status CopyImage(PulledImage& image);

  absl::Status CopyLayers();
  absl::Status CopyLayer(size_t layer);
  absl::Status Fetch(const ManifestBlob& blob);

  // Commits `layer` and those above it that wait for it, if all below it are
  // committed; else leaves it to the one that it waits for.
  void CommitInOrder(size_t layer);
  bool Unpack(const ManifestBlob& layer);  // false: stopped

  std::string NextFile();
  bool IsFetched(const std::string& digest) const;

  const PullSetup& setup_;
  const Reference name_;
  NodeImages& node_;
  const std::stop_token stop_;
  CrioRegistry registry_;
  SystemClock clock_;
  std::string folder_;
  ImageManifest manifest_;
  std::atomic<int> files_ = 0;

  mutable Mutex mutex_;
  std::set<std::string> fetched_ ABSL_GUARDED_BY(mutex_);
  std::set<size_t> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t next_to_commit_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_IMAGE_PULL_H_
