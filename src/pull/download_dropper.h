// Drops downloads that have wrong bytes, so that the next attempt begins anew.
//
// What a pull downloaded outlives its failure, because of the run's lease, and
// containerd goes on behind it: behind a proxy's page, or on a layer whose
// bytes were damaged on the way, every further pull would fail, the kubelet's
// too. A download that somebody is writing is left alone.
// Not thread-safe; answers come back through `post`.
#ifndef PREPULL_SRC_PULL_DOWNLOAD_DROPPER_H_
#define PREPULL_SRC_PULL_DOWNLOAD_DROPPER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "prepull/runtime/runtime_extension.h"

namespace prepull {

class DownloadDropper {
 public:
  using Task = std::function<void()>;
  // Runs it on the engine's thread, unless that no longer listens. Threads:
  // from any.
  using Post = std::function<void(Task)>;

  // `extension` may be null, and then nothing is dropped.
  DownloadDropper(RuntimeExtension* extension, Post post)
      : extension_(extension), post_(std::move(post)) {}

  // Drops the download that `error`, of a pull, names. One that names none was
  // about an answer that was too short: then that may be any of the image's
  // open downloads with no more than a page. `blobs`: the digests of the
  // image's config and layers; empty if they are not known. Calls `then` when
  // that is done, or cannot be.
  void Drop(const absl::Status& error, const std::vector<std::string>& blobs,
            Task then);

  // Whether a Drop has not called back yet.
  bool is_busy() const { return open_ > 0; }

 private:
  void DropOne(const std::string& ref, Task then);
  void DropAll(const std::vector<std::string>& refs, const Task& then);
  static void Tell(const std::string& ref, const absl::Status& dropped);

  RuntimeExtension* const extension_;
  const Post post_;
  int open_ = 0;
};

// The runtime's name for the download that failed; empty if `error` does not
// say. Pure.
std::string DownloadNamedBy(const absl::Status& error);

// Those of `downloads` that may be an error page instead of what was asked
// for. `blobs` as for DownloadDropper::Drop. Pure.
std::vector<std::string> PossiblePages(
    const std::vector<OpenDownload>& downloads,
    const std::vector<std::string>& blobs);

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_DOWNLOAD_DROPPER_H_
