// Finds the manifests that the pulls of a run have fetched, in the runtime's
// store: a search for each pull, and another one a second later, until it is
// found or the pull is over.
//
// Not thread-safe.
#ifndef PREPULL_PROGRESS_MANIFEST_FINDER_H_
#define PREPULL_PROGRESS_MANIFEST_FINDER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "prepull/progress/manifest_choice.h"
#include "prepull/run/run.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

class ManifestFinder {
 public:
  using Task = std::function<void()>;
  using Image = const ImageOutcome*;  // of the run's list

  // What is known of a pull of `reference`, which outlives the search.
  struct Clues {
    const Reference* reference = nullptr;
    PullTraces traces;
    // Whether a download of this digest has moved since the attempt began.
    std::function<bool(const std::string& digest)> moves;
  };

  struct Found {
    std::string config;  // its digest
    std::vector<ManifestBlob> blobs;
  };

  struct Events {
    // From here on the manifest of this pull can be told from others of its
    // repository, even if it cannot be read.
    std::function<void(Image)> on_seen;
    std::function<void(Image, const Found&)> on_found;
  };

  ManifestFinder(Downloads& downloads, const Clock& clock,
                 TaskRunner::Poster poster, Events events)
      : downloads_(downloads),
        clock_(clock),
        events_(std::move(events)),
        scope_(std::move(poster)) {}

  // Searches from `at` on, until it is found, Pause or Forget.
  void Seek(Image image, Clues clues, Instant at);

  // Searches once, now, with these clues. Calls `then` when that is over.
  void SeekNow(Image image, Clues clues, Task then);

  // The pull has ended: what comes into the store from now on is another's.
  void Pause(Image image);

  // The same; a `then` of SeekNow is not called any more.
  void Forget(Image image) { searches_.erase(image); }

  // Does what is due.
  void Turn(Instant now);
  Instant NextTurn() const;

 private:
  struct Search {
    Clues clues;
    Instant at = Instant::Never();  // the next one
    bool is_wanted = false;
    bool is_running = false;
    bool is_outdated = false;  // the search that runs: better clues came
    Task then = nullptr;
  };

  bool IsBusy() const;
  void Start(Image image, Search& search);
  void Choose(Image image,
              const absl::StatusOr<std::vector<StoredBlob>>& blobs);
  void Read(Image image, const StoredBlob& manifest);
  void OnRead(Image image, const StoredBlob& manifest,
              const absl::StatusOr<std::string>& text);
  void End(Image image, Instant again);

  Downloads& downloads_;
  const Clock& clock_;
  const Events events_;
  const TaskScope scope_;
  std::map<Image, Search> searches_;
  absl::flat_hash_set<std::string> taken_;  // manifests that belong to an image
  int running_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_MANIFEST_FINDER_H_
