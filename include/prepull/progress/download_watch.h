// Follows the downloads behind a run's pulls, where the runtime shows them.
//
// Once a second, while anything is pulled, it asks for all open downloads of
// the node; finds out which manifest each pull has fetched, and so which
// downloads are its own; keeps the bytes of the run up to date; and says
// which attempts are stuck. It decides nothing about retries.
// Not thread-safe: it belongs to the engine's thread, and what the runtime
// answers comes back to it as errands of that thread.
#ifndef PREPULL_PROGRESS_DOWNLOAD_WATCH_H_
#define PREPULL_PROGRESS_DOWNLOAD_WATCH_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/list/image_request.h"
#include "prepull/progress/blob_ledger.h"
#include "prepull/progress/download_dropper.h"
#include "prepull/progress/manifest_finder.h"
#include "prepull/progress/stall_detector.h"
#include "prepull/run/run.h"
#include "prepull/runtime/runtime_extension.h"

namespace prepull {

class DownloadWatch {
 public:
  using Errand = std::function<void()>;

  struct Seams {
    RuntimeExtension& extension;
    const Clock& clock;
    // Runs the errand on the engine's thread, unless the watch is gone by
    // then. Threads: from any.
    std::function<void(Errand)> post;
    // From here on the manifests of other pulls from its repository can be
    // told from the image's own, even if that cannot be read.
    std::function<void(size_t image)> on_manifest_found;
  };

  // `stall_timeout` is greater than zero; `node_slots` as for StallDetector.
  // All that is handed over by reference outlives the watch.
  DownloadWatch(const std::vector<ImageRequest>& requests,
                absl::Duration stall_timeout, int node_slots, Seams seams,
                Run& run);

  struct AttemptEnd {
    bool was_cut = false;      // by us
    bool needs_blobs = false;  // its manifest is searched if it is unknown
  };

  void OnStart(size_t image);

  // The attempt failed. `then` learns whether it gained bytes: what a cancelled
  // download still writes down is listed before.
  void OnFailed(size_t image, AttemptEnd end,
                std::function<void(bool gained)> then);

  // The image was pulled. `then` comes as soon as its bytes are known.
  void OnPulled(size_t image, Errand then);

  // The image failed for good.
  void OnGivenUp(size_t image);

  // Does what is due.
  void Turn(Instant now);
  Instant NextTurn() const;

  // The run ends: whoever waits is told what is known by now.
  void SettleAll();

  // What to do about a running attempt.
  Verdict Judge(size_t image, Instant now) const;

  // How long its downloads may rest at present.
  absl::Duration Patience(size_t image) const;

  // What the image's last attempt may have written. As long as its manifest is
  // unknown that may be all but the blobs of other images of the run.
  TouchedDownloads DownloadsOf(size_t image) const;

  // Whether the downloads of `image` could be taken for those of another pull
  // from its repository: it has to be alone there at first.
  bool NeedsToBeAlone(size_t image) const;

 private:
  // A pull, from its first attempt until it is over.
  struct Watched {
    Instant started = {};
    absl::Time started_at = absl::InfinitePast();  // wall time
    absl::Duration window = absl::ZeroDuration();
    int64_t bytes_at_start = 0;

    bool is_known = false;  // the manifest, and all that follows
    Instant known_since = {};
    std::string config = "";
    BlobLedger::Digests blobs = {};

    bool is_searched = false;  // a search is under way
    bool is_outdated = false;  // it began before the image was pulled
    Instant search_at = {};
  };

  struct Settling {
    size_t image;
    AttemptEnd end;
    Instant since;
    std::function<void(bool gained)> then;
  };

  struct Naming {
    Instant since;
    Errand then;
  };

  template <typename Answer>
  RuntimeExtension::Done<Answer> Posting(
      std::function<void(absl::StatusOr<Answer>)> take) const;

  bool IsActive() const;
  Instant ListDue() const;
  void List(Instant now);
  void OnListed(Instant asked,
                const absl::StatusOr<std::vector<OpenDownload>>& listed);
  void Refuse();
  void AskForBlobs(const BlobLedger::Digests& blobs);
  void TakeBlob(const std::string& digest,
                const absl::StatusOr<StoredBlob>& blob);
  void SearchDue(Instant now);
  void Search(size_t image);
  bool IsWanted(size_t image) const;
  void OnSearched(size_t image, ManifestFinder::Outcome outcome,
                  const ManifestFinder::Found& found);
  void TakeManifest(size_t image, const ManifestFinder::Found& found);
  template <typename Due>
  void SettleThose(Due due);
  void SettleListed();
  void GiveUpWaiting(Instant now);
  bool Gained(const Settling& settling);
  int64_t BytesAtStart(const Watched& watched) const;
  bool IsSought(size_t image) const;
  void EndNaming(size_t image);
  void UpdateImage(size_t image);
  void UpdateRun();

  const std::vector<ImageRequest>& requests_;
  const absl::Duration stall_timeout_;
  const Seams seams_;
  Run& run_;

  StallDetector detector_;
  BlobLedger ledger_;
  std::map<size_t, Watched> watched_;  // by image
  std::set<size_t> running_;           // images with an attempt
  std::vector<Settling> settling_;     // failed attempts
  std::map<size_t, Naming> naming_;    // pulled, bytes unknown
  ManifestFinder finder_;

  bool is_refused_ = false;  // the runtime does not show downloads
  bool has_asked_ = false;
  std::unique_ptr<RunningCall> listing_;
  Instant listing_asked_;
  Instant seen_ = Instant(-absl::InfiniteDuration());  // asked for, answered
  Instant list_at_ = Instant(-absl::InfiniteDuration());
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_DOWNLOAD_WATCH_H_
