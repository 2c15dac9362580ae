#include "prepull/progress/watched_pull.h"

namespace prepull {

void WatchedPull::SetManifest(const std::string& config_digest,
                              const std::vector<ManifestBlob>& manifest_blobs,
                              Instant now) {
  is_known = true;
  known_since = now;
  config = config_digest;
  blobs.clear();
  for (const ManifestBlob& blob : manifest_blobs) blobs.push_back(blob.digest);
}

int64_t WatchedPull::GainedBytes(const BlobLedger& ledger) const {
  const bool began_without = known_since > started;
  return ledger.BytesDone(blobs) -
         (began_without ? ledger.BytesBefore(blobs) : bytes_at_start);
}

AttemptView WatchedPull::View(const BlobLedger& ledger) const {
  return {.started = started,
          .blobs = is_known ? &blobs : nullptr,
          .blobs_known_since = known_since,
          .all_blobs_present = is_known && ledger.AllWhole(blobs),
          .window = window};
}

}  // namespace prepull
