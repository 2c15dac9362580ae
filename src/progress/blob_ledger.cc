#include "prepull/progress/blob_ledger.h"

#include <algorithm>
#include <utility>

namespace prepull {
namespace {

// A blob that is missing may wait for a lock or a slot for long.
constexpr absl::Duration kAskForBlobAgain = absl::Seconds(5);

int64_t Find(const absl::flat_hash_map<std::string, int64_t>& map,
             const std::string& digest, int64_t otherwise) {
  const auto it = map.find(digest);
  return it == map.end() ? otherwise : it->second;
}

}  // namespace

void BlobLedger::Add(const std::vector<ManifestBlob>& blobs) {
  for (const ManifestBlob& added : blobs) {
    const auto [it, is_new] = blobs_.try_emplace(added.digest);
    if (!is_new) continue;
    Blob& blob = it->second;
    blob.size_bytes = added.size_bytes;
    SetBefore(blob, Find(open_before_, added.digest, 0));
    blob.is_open = open_.contains(added.digest);
    bytes_total_ += added.size_bytes;
    SetDone(blob, Find(open_, added.digest, 0));
  }
}

void BlobLedger::SetDone(Blob& blob, int64_t bytes) {
  const int64_t done = std::clamp<int64_t>(bytes, 0, blob.size_bytes);
  bytes_done_ += done - blob.done_bytes;
  blob.done_bytes = done;
}

void BlobLedger::SetBefore(Blob& blob, int64_t bytes) {
  bytes_before_ += bytes - blob.before_bytes;
  blob.before_bytes = bytes;
}

void BlobLedger::Observe(const std::vector<OpenDownload>& listed) {
  const absl::flat_hash_map<std::string, int64_t> was_open = std::move(open_);
  open_.clear();
  for (const OpenDownload& download : listed) {
    open_[download.digest] = download.offset_bytes;
    const auto it = blobs_.find(download.digest);
    if (it == blobs_.end() || it->second.is_whole) continue;
    it->second.is_open = true;
    SetDone(it->second, download.offset_bytes);
  }
  if (!has_observed_) open_before_ = open_;
  has_observed_ = true;
  for (const auto& [digest, offset] : was_open) {
    const auto it = blobs_.find(digest);
    if (it == blobs_.end() || open_.contains(digest)) continue;
    // Whole, or given up: what was seen of it stands until the store answers.
    it->second.is_open = false;
    it->second.ask_at = Instant(-absl::InfiniteDuration());
  }
}

BlobLedger::Digests BlobLedger::NextToAsk(Instant now, const Digests& digests) {
  Digests due;
  for (const std::string& digest : digests) {
    const auto it = blobs_.find(digest);
    if (it == blobs_.end()) continue;
    Blob& blob = it->second;
    if (blob.is_whole || blob.is_open || blob.is_asked || now < blob.ask_at) {
      continue;
    }
    blob.is_asked = true;
    due.push_back(digest);
  }
  return due;
}

void BlobLedger::OnWhole(const std::string& digest, bool is_old) {
  Blob& blob = blobs_[digest];
  blob.is_asked = false;
  blob.is_whole = true;
  blob.is_open = false;
  if (is_old) SetBefore(blob, blob.size_bytes);
  SetDone(blob, blob.size_bytes);
}

void BlobLedger::OnMissing(Instant now, const std::string& digest) {
  Blob& blob = blobs_[digest];
  if (!blob.is_open && !blob.is_whole) SetDone(blob, 0);
  OnNoAnswer(now, digest);
}

void BlobLedger::OnNoAnswer(Instant now, const std::string& digest) {
  Blob& blob = blobs_[digest];
  blob.is_asked = false;
  blob.ask_at = now + kAskForBlobAgain;
}

void BlobLedger::OnPulled(const Digests& digests) {
  for (const std::string& digest : digests) OnWhole(digest, false);
}

template <typename Of>
int64_t BlobLedger::Sum(const Digests& digests, Of of) const {
  int64_t sum = 0;
  for (const std::string& digest : digests) sum += of(blobs_.at(digest));
  return sum;
}

bool BlobLedger::AllWhole(const Digests& digests) const {
  return std::all_of(
      digests.begin(), digests.end(),
      [this](const std::string& digest) { return blobs_.at(digest).is_whole; });
}

int64_t BlobLedger::BytesDone(const Digests& digests) const {
  return Sum(digests, [](const Blob& blob) { return blob.done_bytes; });
}

int64_t BlobLedger::BytesTotal(const Digests& digests) const {
  return Sum(digests, [](const Blob& blob) { return blob.size_bytes; });
}

int64_t BlobLedger::BytesBefore(const Digests& digests) const {
  return Sum(digests, [](const Blob& blob) { return blob.before_bytes; });
}

}  // namespace prepull
