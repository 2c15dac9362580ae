// The downloads of a node that are under way, and the blobs that its store
// holds.
//
// Threads: all methods are safe to call from any thread.
// Source: containerd.services.content.v1
#ifndef PREPULL_RUNTIME_DOWNLOADS_H_
#define PREPULL_RUNTIME_DOWNLOADS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "prepull/image/reference.h"
#include "prepull/runtime/running_call.h"

namespace prepull {

// A download under way. Its offset moves in steps.
struct OpenDownload {
  std::string digest;  // "sha256:..."
  int64_t offset_bytes = 0;
  std::string ref = "";  // the runtime's name for it, "layer-sha256:..."
};

// By which offsets move.
inline constexpr int64_t kDownloadStepBytes = 1 << 20;

// A whole blob.
struct StoredBlob {
  std::string digest;
  int64_t size_bytes = 0;
  // When it was whole, by the runtime's wall clock; a pull that finds it there
  // leaves it as it is.
  absl::Time created_at = absl::InfinitePast();
  // Of an image's manifest: the digest of its config. Empty for others.
  std::string config = "";
  // The digests of the blobs that it refers to: config and layers of a
  // manifest, manifests of an index.
  std::vector<std::string> refers_to = {};
};

class Downloads {
 public:
  virtual ~Downloads() = default;

  // Returns all downloads of the node: layers, configs, manifests.
  virtual std::unique_ptr<RunningCall> List(
      absl::Duration timeout, AnswerDone<std::vector<OpenDownload>> done) = 0;

  // Discards what the download `ref` has so far, unless a client is writing it:
  // the next pull begins at byte 0. The runtime reads what is there first
  // (about 600 MB/s). One that does not exist is OK.
  // Errors: UNAVAILABLE  a client is writing it, or the runtime is gone.
  virtual std::unique_ptr<RunningCall> Drop(const std::string& ref,
                                            absl::Duration timeout,
                                            CallDone done) = 0;

  // Keeps `ref` open as a download of the lease until Cancel or until this
  // process is gone, however that ends: as long as Drop finds it being written.
  // Begins anew after a restart of the runtime.
  virtual std::unique_ptr<RunningCall> Hold(const std::string& ref,
                                            const std::string& lease_id) = 0;

  // Returns the blobs that came from the repository of `image`.
  virtual std::unique_ptr<RunningCall> FindBlobs(
      const Reference& image, absl::Duration timeout,
      AnswerDone<std::vector<StoredBlob>> done) = 0;

  // Returns the blob `digest`. Errors: NOT_FOUND  the store does not have it
  // whole.
  virtual std::unique_ptr<RunningCall> FindBlob(
      const std::string& digest, absl::Duration timeout,
      AnswerDone<StoredBlob> done) = 0;

  // Returns the bytes of the blob `digest`, at most 8 MiB. Errors: NOT_FOUND;
  // RESOURCE_EXHAUSTED  it is larger.
  virtual std::unique_ptr<RunningCall> ReadBlob(
      const std::string& digest, absl::Duration timeout,
      AnswerDone<std::string> done) = 0;
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_DOWNLOADS_H_
