// Drops downloads that have wrong bytes, so that the next attempt begins anew.
//
// What a pull downloaded outlives its failure, because of the run's lease, and
// containerd goes on behind it: behind a proxy's page, or on a layer whose
// bytes were damaged on the way, every further pull would fail, the kubelet's
// too. A download that a client is writing is left alone.
//
// An error that names no download was about an answer that ended in order and
// was too short. Less than 1 MiB is taken for a page and goes at once. More may
// be a good part, which the next attempt goes on with: its digest will tell.
// Should the run end before, what may be a page goes as well.
// Not thread-safe.
#ifndef PREPULL_PROGRESS_DOWNLOAD_DROPPER_H_
#define PREPULL_PROGRESS_DOWNLOAD_DROPPER_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "prepull/base/task_runner.h"
#include "prepull/run/run.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

// What is known of the downloads of an image.
struct TouchedDownloads {
  // The digests of its config and layers; empty if they are not known.
  std::vector<std::string> blobs = {};
  // Whether its last attempt may have written to the download of `digest`.
  std::function<bool(const std::string& digest)> may_have_grown =
      [](const std::string&) { return true; };
};

class DownloadDropper {
 public:
  using Task = std::function<void()>;

  // `downloads` may be null, and then nothing is dropped.
  DownloadDropper(Downloads* downloads, TaskRunner::Poster poster)
      : downloads_(downloads), scope_(std::move(poster)) {}

  // `error` is that of the image's last attempt. Calls `then` when what has to
  // go before the next one is gone, or cannot be.
  void Drop(const ImageOutcome* image, const absl::Status& error,
            const TouchedDownloads& downloads, Task then);

  // The image was pulled: nothing of it is wrong.
  void Acquit(const ImageOutcome* image) { suspects_.erase(image); }

  // The run ends: drops what may be wrong. is_busy() until it is done.
  void DropSuspects();

  // Whether something that may be wrong is still there.
  bool has_suspects() const { return !suspects_.empty(); }

  // Whether a Drop has not called back yet.
  bool is_busy() const { return open_ > 0; }

 private:
  using Refs = std::vector<std::string>;

  void Sort(const ImageOutcome* image, const std::vector<OpenDownload>& listed,
            const TouchedDownloads& downloads, const Task& then);
  void DropOne(const std::string& ref, Task then);
  void DropAll(const Refs& refs, const Task& then);
  static void Tell(const std::string& ref, const absl::Status& dropped);

  Downloads* const downloads_;
  const TaskScope scope_;
  int open_ = 0;
  std::map<const ImageOutcome*, std::set<std::string>>
      suspects_;  // refs, by image
};

// The runtime's name for the download that failed; empty if `error` does not
// say. Pure.
std::string DownloadNamedBy(const absl::Status& error);

// What an answer that was too short may have written, by the runtime's names.
struct ShortAnswers {
  std::vector<std::string> pages;     // not more than a page
  std::vector<std::string> suspects;  // a page, or a good part
};

// Picks them from all downloads of the node. Pure.
ShortAnswers PickShortAnswers(const std::vector<OpenDownload>& listed,
                              const TouchedDownloads& downloads);

}  // namespace prepull

#endif  // PREPULL_PROGRESS_DOWNLOAD_DROPPER_H_
