// The manifests of a run's images, read from their registries ahead of the
// pulls: which layers each image needs, and how many bytes the run will pull.
//
// Images are entries of the run's own list; they and their references outlive
// this. Not thread-safe.
#ifndef PREPULL_PROGRESS_LIST_MANIFESTS_H_
#define PREPULL_PROGRESS_LIST_MANIFESTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "prepull/progress/byte_counter.h"
#include "prepull/progress/folder_watch.h"
#include "prepull/registry/manifest_reader.h"
#include "prepull/run/run.h"
#include "prepull/runtime/committed_layers.h"

namespace prepull {

class ListManifests {
 public:
  struct Image {
    ImageOutcome* outcome = nullptr;
    const Reference* reference = nullptr;
    // Only the runtime is given the image's own credentials.
    bool has_own_secret = false;
  };

  // Receives the manifest of the image once it is read, or null if it cannot
  // be had.
  using OnManifest = std::function<void(const ImageOutcome& image,
                                        const ImageManifest* manifest)>;

  struct Seams {
    ManifestReader* reader = nullptr;  // null: no manifest is read
    const Clock& clock;
    TaskRunner::Poster poster;
    FolderWatch& folders;
  };

  ListManifests(const Seams& seams, OnManifest on_manifest, Run& run);

  // Reads the manifests of `images`, all that the run will pull, from `due` on.
  // Not read are those of Docker Hub, which counts them as pulls, and of images
  // with a secret of their own. `committed`: on the node before the run.
  void Read(const std::vector<Image>& images, Instant due,
            CommittedLayers::Layers committed);

  // Does what is due.
  void Turn(Instant now);

  // When the first pull may start, or reading: all is known, or takes long.
  Instant ready_at() const { return unread_ == 0 ? Instant() : ready_at_; }

  // What all images need that was not on the node before the run, those that
  // are pulled included; unknown while a manifest is.
  std::optional<int64_t> NeededBytes() const;

  // What the image needs that is not pulled yet; 0 while its manifest is
  // unknown.
  int64_t MissingBytes(const ImageOutcome& image) const;

  // The image was pulled.
  void OnPulled(ImageOutcome& image);

  // Enters into the run, and into its images where that is certain, what is
  // under way: by the folders, or else by `received_bytes`, which is all that
  // the runtime has received since the run began.
  void UpdateUnderWay(std::optional<int64_t> received_bytes);

  // What the node has committed now.
  void SetCommitted(CommittedLayers::Layers committed);

 private:
  void OnRead(const Image& image, const absl::StatusOr<ImageManifest>& answer);
  void CountCommitted(const ByteCounter::Digests& digests);
  std::optional<std::vector<int64_t>> NewlyWhole(const ImageOutcome& image);
  void UpdateRun();

  const Seams seams_;
  const OnManifest on_manifest_;
  const TaskScope scope_;
  Run& run_;
  ByteCounter bytes_;
  std::vector<Image> images_;  // those that are read
  bool has_begun_ = false;
  absl::flat_hash_map<const ImageOutcome*, ByteCounter::Digests> blobs_;
  // What the node had before the run, and what it has now.
  CommittedLayers::Layers committed_before_ =
      std::make_shared<const LayerSet>();
  CommittedLayers::Layers committed_ = committed_before_;
  absl::flat_hash_set<std::string> pulled_;  // blobs of images that are
  std::optional<int64_t> received_bytes_;
  size_t unread_ = 0;
  bool lacks_some_ = false;
  Instant ready_at_;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_LIST_MANIFESTS_H_
