// Counts the bytes of a run: enters them into its images and into its total.
//
// Open downloads are listed; of a blob that is not among them only the store
// knows whether it is whole, and is asked.
// Not thread-safe.
#ifndef PREPULL_PROGRESS_BYTE_COUNTER_H_
#define PREPULL_PROGRESS_BYTE_COUNTER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/image/manifest.h"
#include "prepull/progress/blob_ledger.h"
#include "prepull/run/run.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

class ByteCounter {
 public:
  using Digests = BlobLedger::Digests;

  // `downloads`: null where the runtime shows none; then only what was pulled
  // counts.
  ByteCounter(Downloads* downloads, const Clock& clock,
              TaskRunner::Poster poster, Run& run)
      : downloads_(downloads),
        clock_(clock),
        scope_(std::move(poster)),
        run_(run) {}

  // Enters the blobs of an image that is pulled.
  void Add(const std::vector<ManifestBlob>& blobs) { ledger_.Add(blobs); }

  // Takes in all open downloads of the node.
  void Observe(const std::vector<OpenDownload>& listed) {
    ledger_.Observe(listed);
  }

  // Asks the store for those of `blobs` whose state only it knows.
  void AskFor(const Digests& blobs);

  // The image of these blobs was pulled.
  void OnPulled(const Digests& blobs) { ledger_.OnPulled(blobs); }

  // The blob is on the node; `is_old`: since before the run. Does nothing for
  // one that is not entered.
  void OnWhole(const std::string& digest, bool is_old) {
    if (ledger_.Has(digest)) ledger_.OnWhole(digest, is_old);
  }

  // Enters what is known into `image`, and into the run.
  void Update(ImageOutcome& image, const Digests& blobs) const;
  void UpdateRun();

  const BlobLedger& ledger() const { return ledger_; }

 private:
  void OnBlob(const std::string& digest,
              const absl::StatusOr<StoredBlob>& blob);

  Downloads* const downloads_;
  const Clock& clock_;
  const TaskScope scope_;
  Run& run_;
  BlobLedger ledger_;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_BYTE_COUNTER_H_
