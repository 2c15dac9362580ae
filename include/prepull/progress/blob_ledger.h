// How much of each blob that the run needs is on the node.
//
// Fed with what the runtime lists as open and with what it says of single
// blobs; says which blobs to ask it about. A blob that several images share
// has one entry, so the run's bytes count it once.
// Pure: time comes in. Not thread-safe.
#ifndef PREPULL_PROGRESS_BLOB_LEDGER_H_
#define PREPULL_PROGRESS_BLOB_LEDGER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "prepull/base/clock.h"
#include "prepull/progress/manifest_choice.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

class BlobLedger {
 public:
  using Digests = std::vector<std::string>;

  // Enters the blobs of an image, those that are not entered yet.
  void Add(const std::vector<ManifestBlob>& blobs);

  // Takes in all open downloads of the node. What the first list shows was
  // there before the run.
  void Observe(const std::vector<OpenDownload>& listed);

  // The blobs of `digests` whose state only the store knows: neither whole nor
  // open, and not asked about for a while. They count as asked from here on.
  Digests NextToAsk(Instant now, const Digests& digests);

  // The store's answers. `is_old`: it was whole before the run began.
  void OnWhole(const std::string& digest, bool is_old);
  void OnMissing(Instant now, const std::string& digest);
  void OnNoAnswer(Instant now, const std::string& digest);

  // The image of these blobs was pulled.
  void OnPulled(const Digests& digests);

  bool AllWhole(const Digests& digests) const;
  int64_t BytesDone(const Digests& digests) const;
  int64_t BytesTotal(const Digests& digests) const;
  // What was there before the run began.
  int64_t BytesBefore(const Digests& digests) const;

  // Whether it is entered.
  bool Has(const std::string& digest) const { return blobs_.contains(digest); }

  // Of all blobs that are entered.
  int64_t bytes_done() const { return bytes_done_; }
  int64_t bytes_total() const { return bytes_total_; }
  int64_t bytes_before() const { return bytes_before_; }

 private:
  struct Blob {
    int64_t size_bytes = 0;
    int64_t done_bytes = 0;
    int64_t before_bytes = 0;
    bool is_open = false;
    bool is_whole = false;
    bool is_asked = false;
    Instant ask_at = Instant(-absl::InfiniteDuration());
  };

  void SetDone(Blob& blob, int64_t bytes);
  void SetBefore(Blob& blob, int64_t bytes);
  template <typename Of>
  int64_t Sum(const Digests& digests, Of of) const;

  absl::flat_hash_map<std::string, Blob> blobs_;
  absl::flat_hash_map<std::string, int64_t> open_;  // as listed last
  absl::flat_hash_map<std::string, int64_t> open_before_;
  bool has_observed_ = false;
  int64_t bytes_done_ = 0;
  int64_t bytes_total_ = 0;
  int64_t bytes_before_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_BLOB_LEDGER_H_
