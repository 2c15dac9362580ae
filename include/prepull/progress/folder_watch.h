// Follows the folders that CRI-O's pulls download into: what is under way, and
// which downloads rest.
//
// Images are entries of the run's own list; they outlive the watch.
// Not thread-safe.
#ifndef PREPULL_PROGRESS_FOLDER_WATCH_H_
#define PREPULL_PROGRESS_FOLDER_WATCH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/image/manifest.h"
#include "prepull/progress/pull_bytes.h"
#include "prepull/run/run.h"
#include "prepull/runtime/pull_folders.h"

namespace prepull {

class FolderWatch {
 public:
  using Image = PullBytes::Image;

  // Looks at what is there before the first pull. `folders`: null where they
  // are not to be seen; outlives the watch.
  explicit FolderWatch(PullFolders* folders);

  // Blobs that pulls will fetch: a file of one's size is whole. From
  // OnAllBlobsKnown on there are no others.
  void AddBlobs(const std::vector<ManifestBlob>& blobs);
  void OnAllBlobsKnown() { knows_all_blobs_ = true; }

  // As for PullBytes.
  void OnStarted(Image image);
  void OnPulled(Image image, const std::optional<std::vector<int64_t>>& whole);
  void OnFailed(Image image);

  // Takes in what is there; once a second is enough.
  void Look(Instant now);

  // Whether a folder of this run has been seen. Until then nothing is known of
  // bytes: CRI-O may have been told of another place.
  bool sees() const { return sees_; }

  // As of PullBytes, at the last look.
  std::optional<int64_t> BytesOf(Image image) const;
  int64_t bytes() const { return bytes_ ? bytes_->bytes() : 0; }

  // How many files have not grown for `time` and are no whole blob; nothing if
  // some blobs are not known, or there are fewer folders than pulls, so that
  // some are not seen.
  std::optional<int> RestingFiles(absl::Duration time) const;

 private:
  void NoteFiles(Instant now, const std::vector<PullFolder>& listed);

  PullFolders* folders_;  // null when it cannot be looked at any more
  std::optional<PullBytes> bytes_;
  bool knows_all_blobs_ = false;
  bool sees_ = false;
  bool sees_all_ = false;         // of the pulls that run
  std::set<std::string> before_;  // the run, folders that were there
  std::set<Image> running_;
  Instant looked_;
  absl::flat_hash_set<int64_t> blob_sizes_;
  // By folder and size: since when there is a file of that size, which says
  // that it does not grow.
  std::map<std::pair<std::string, int64_t>, Instant> files_;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_FOLDER_WATCH_H_
