// Follows the downloads behind a run's pulls, where the runtime shows them:
// keeps the bytes of the run up to date, and says which attempts are stuck. It
// decides nothing about retries.
//
// Images are entries of the run's own list; they and their references outlive
// the watch.
// Not thread-safe.
#ifndef PREPULL_PROGRESS_DOWNLOAD_WATCH_H_
#define PREPULL_PROGRESS_DOWNLOAD_WATCH_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/image/reference.h"
#include "prepull/progress/blob_ledger.h"
#include "prepull/progress/byte_counter.h"
#include "prepull/progress/download_dropper.h"
#include "prepull/progress/download_lister.h"
#include "prepull/progress/manifest_finder.h"
#include "prepull/progress/pending_ends.h"
#include "prepull/progress/stall_detector.h"
#include "prepull/progress/watched_pull.h"
#include "prepull/run/run.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

class DownloadWatch {
 public:
  using Task = std::function<void()>;

  struct Options {
    absl::Duration stall_timeout;  // greater than zero
    // How long a download may rest at first; 0 = as long.
    absl::Duration first_window = absl::ZeroDuration();
    int node_slots = 0;  // as for StallDetector
  };

  struct Seams {
    Downloads& downloads;
    const Clock& clock;
    TaskRunner::Poster poster;
  };

  DownloadWatch(const Options& options, const Seams& seams, Run& run);

  // An attempt at `image` began. `on_seen` is called once the manifests of
  // other pulls from its repository can be told from its own.
  void OnStart(ImageOutcome& image, const Reference& reference, Task on_seen);

  struct AttemptEnd {
    bool was_cut = false;      // by us
    bool needs_blobs = false;  // its manifest is searched if it is unknown
  };

  // The attempt failed. `then` learns whether it gained bytes: what a cancelled
  // download still writes down is listed before.
  void OnFailed(const ImageOutcome& image, AttemptEnd end,
                std::function<void(bool gained)> then);

  // The image was pulled. `then` comes as soon as its bytes are known.
  void OnPulled(const ImageOutcome& image, Task then);

  // The image failed for good.
  void OnGivenUp(const ImageOutcome& image);

  // Does what is due.
  void Turn(Instant now);
  Instant NextTurn() const;

  // The run ends: settles all that waits with what is known by now.
  void SettleAll();

  // What to do about a running attempt.
  Verdict Judge(const ImageOutcome& image, Instant now) const;

  // How long its downloads may rest at present.
  absl::Duration RestLimit(const ImageOutcome& image) const;

  // Whether an open download of the node has not moved for a while; nothing if
  // that cannot be seen.
  std::optional<bool> HasRestingDownload(Instant now) const;

  // What the image's last attempt may have written. As long as its manifest is
  // unknown that may be all but the blobs of other images of the run.
  TouchedDownloads DownloadsOf(const ImageOutcome& image) const;

  // Whether the downloads of `image` could be taken for those of another pull
  // from its repository: it has to be alone there at first.
  bool NeedsToBeAlone(const ImageOutcome& image,
                      const Reference& reference) const;

 private:
  using Image = const ImageOutcome*;

  bool IsPulling() const;
  void OnListed(Instant asked, const std::vector<OpenDownload>& listed);
  void StopWatching();
  ManifestFinder::Clues CluesOf(const WatchedPull& pull,
                                const std::string& image_ref) const;
  void SearchNow(const WatchedPull& pull, const std::string& image_ref);
  void OnManifest(Image image, const ManifestFinder::Found& found);
  bool Gained(Image image, bool was_cut, Instant ended);
  void EndPulled(Image image, const Task& then);
  void UpdateImage(const WatchedPull& pull) const;

  const absl::Duration stall_timeout_;
  const absl::Duration first_window_;
  const Seams seams_;
  Run& run_;

  StallDetector detector_;
  ByteCounter bytes_;
  DownloadLister lister_;
  ManifestFinder finder_;
  bool is_off_ = false;  // the runtime does not show downloads

  std::map<Image, WatchedPull> pulls_;
  std::set<Image> running_;  // those with an attempt
  PendingEnds ends_;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_DOWNLOAD_WATCH_H_
