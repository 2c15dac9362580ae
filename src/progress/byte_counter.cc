#include "prepull/progress/byte_counter.h"

namespace prepull {
namespace {

// A runtime that is this late with an answer is asked anew.
constexpr absl::Duration kBlobTimeout = absl::Seconds(10);

}  // namespace

void ByteCounter::AskFor(const BlobLedger::Digests& blobs) {
  if (downloads_ == nullptr) return;
  for (const std::string& digest : ledger_.NextToAsk(clock_.Now(), blobs)) {
    downloads_->FindBlob(
        digest, kBlobTimeout,
        scope_.Callback<absl::StatusOr<StoredBlob>>(
            [this, digest](const auto& blob) { OnBlob(digest, blob); }));
  }
}

void ByteCounter::OnBlob(const std::string& digest,
                         const absl::StatusOr<StoredBlob>& blob) {
  const Instant now = clock_.Now();
  if (blob.ok()) {
    ledger_.OnWhole(digest, blob->created_at < run_.started_at());
  } else if (absl::IsNotFound(blob.status())) {
    ledger_.OnMissing(now, digest);
  } else {
    ledger_.OnNoAnswer(now, digest);
  }
}

void ByteCounter::Update(ImageOutcome& image, const Digests& blobs) const {
  image.bytes_done = ledger_.BytesDone(blobs);
  image.bytes_total = ledger_.BytesTotal(blobs);
}

// The total is unknown while any image's is that this run has to pull.
void ByteCounter::UpdateRun() {
  ByteCount bytes = {.done = ledger_.bytes_done(),
                     .total = ledger_.bytes_total()};
  for (const ImageOutcome& image : run_.images()) {
    const bool counts = image.state != ImageState::kSkipped &&
                        image.state != ImageState::kFailed;
    if (!counts || image.bytes_total) continue;
    bytes.total.reset();
    break;
  }
  run_.UpdateBytes(bytes);
}

}  // namespace prepull
