// What a watch knows of one pull, from its first attempt until it is over.
// Open data; its functions are pure.
#ifndef PREPULL_PROGRESS_WATCHED_PULL_H_
#define PREPULL_PROGRESS_WATCHED_PULL_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "prepull/progress/blob_ledger.h"
#include "prepull/progress/stall_detector.h"
#include "prepull/run/run.h"

namespace prepull {

struct WatchedPull {
  ImageOutcome* image = nullptr;
  const Reference* reference = nullptr;
  std::function<void()> on_seen = nullptr;

  // The attempt that runs, or the last one.
  Instant started = {};
  absl::Time started_at = absl::InfinitePast();  // wall time
  absl::Duration window = absl::ZeroDuration();  // as for NextWindow
  int64_t bytes_at_start = 0;

  bool is_known = false;  // the manifest, and all that follows
  Instant known_since = {};
  std::string config = "";
  BlobLedger::Digests blobs = {};

  // Enters the manifest, which was found at `now`.
  void SetManifest(const std::string& config_digest,
                   const std::vector<ManifestBlob>& manifest_blobs,
                   Instant now);

  // Returns what the last attempt gained. If it began without its manifest,
  // that is all that this run has downloaded.
  int64_t GainedBytes(const BlobLedger& ledger) const;

  AttemptView View(const BlobLedger& ledger) const;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_WATCHED_PULL_H_
