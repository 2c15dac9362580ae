#include "prepull/progress/list_manifests.h"

#include <algorithm>
#include <string>
#include <utility>

#include "prepull/base/log.h"

namespace prepull {
namespace {

// Pulls do not wait longer for manifests. So a list that does not fit is told
// before its first byte, and a slow registry costs no more than that.
constexpr absl::Duration kHeadStart = absl::Seconds(1);

// Runtimes stack 128 at most. A registry must not fill our memory with more.
constexpr size_t kMaxLayers = 500;

bool IsReadable(const ListManifests::Image& image) {
  return image.reference->registry() != "docker.io" && !image.has_own_secret;
}

// Errors: why a manifest was not read, or is no use here.
absl::Status CheckUsable(const absl::StatusOr<ImageManifest>& manifest) {
  if (!manifest.ok()) return manifest.status();
  if (manifest->layers.size() > kMaxLayers) {
    return absl::ResourceExhaustedError("too many layers");
  }
  return absl::OkStatus();
}

// All blobs of `manifest`, each once.
std::vector<ManifestBlob> BlobsOf(const ImageManifest& manifest) {
  std::vector<ManifestBlob> blobs = manifest.layers;
  blobs.push_back(manifest.config);
  const auto by_digest = [](const ManifestBlob& a, const ManifestBlob& b) {
    return a.digest < b.digest;
  };
  std::sort(blobs.begin(), blobs.end(), by_digest);
  blobs.erase(std::unique(blobs.begin(), blobs.end(),
                          [](const ManifestBlob& a, const ManifestBlob& b) {
                            return a.digest == b.digest;
                          }),
              blobs.end());
  return blobs;
}

}  // namespace

ListManifests::ListManifests(const Seams& seams, OnManifest on_manifest,
                             Run& run)
    : seams_(seams),
      on_manifest_(std::move(on_manifest)),
      scope_(seams.poster),
      run_(run),
      bytes_(nullptr, seams.clock, seams.poster, run) {}

void ListManifests::Read(const std::vector<Image>& images, Instant due,
                         CommittedLayers::Layers committed) {
  committed_before_ = committed_ = std::move(committed);
  for (const Image& image : images) {
    if (seams_.reader != nullptr && IsReadable(image)) {
      images_.push_back(image);
    } else {
      lacks_some_ = true;
      on_manifest_(*image.outcome, nullptr);
    }
  }
  unread_ = images_.size();
  ready_at_ = due;
}

void ListManifests::Turn(Instant now) {
  if (images_.empty() || now < ready_at_ || std::exchange(has_begun_, true)) {
    return;
  }
  ready_at_ = now + kHeadStart;
  std::vector<Reference> references;
  for (const Image& image : images_) references.push_back(*image.reference);
  using Answer = std::pair<size_t, absl::StatusOr<ImageManifest>>;
  const auto on_read = scope_.Callback<Answer>([this](const Answer& answer) {
    OnRead(images_[answer.first], answer.second);
  });
  seams_.reader->Read(
      std::move(references),
      [on_read](size_t index, const absl::StatusOr<ImageManifest>& found) {
        on_read({index, found});
      });
}

void ListManifests::OnRead(const Image& image,
                           const absl::StatusOr<ImageManifest>& answer) {
  --unread_;
  const absl::Status usable = CheckUsable(answer);
  if (!usable.ok()) {
    Log(LogLevel::kDebug, "manifest not read ahead",
        {{"image", image.outcome->image}, {"error", usable.message()}});
    lacks_some_ = true;
  } else {
    const std::vector<ManifestBlob> blobs = BlobsOf(*answer);
    bytes_.Add(blobs);
    seams_.folders.AddBlobs(blobs);
    ByteCounter::Digests& digests = blobs_[image.outcome];
    for (const ManifestBlob& blob : blobs) digests.push_back(blob.digest);
    CountCommitted(digests);
    // It may have been pulled meanwhile.
    if (image.outcome->state == ImageState::kPulled) {
      bytes_.OnPulled(digests);
      pulled_.insert(digests.begin(), digests.end());
    }
    bytes_.Update(*image.outcome, digests);
  }
  if (unread_ == 0 && !lacks_some_) seams_.folders.OnAllBlobsKnown();
  UpdateRun();
  on_manifest_(*image.outcome, usable.ok() ? &*answer : nullptr);
}

void ListManifests::CountCommitted(const ByteCounter::Digests& digests) {
  for (const std::string& digest : digests) {
    if (committed_before_->digests.contains(digest)) {
      bytes_.OnWhole(digest, /*is_old=*/true);
    } else if (committed_->digests.contains(digest)) {
      bytes_.OnWhole(digest, /*is_old=*/false);
    }
  }
}

std::optional<int64_t> ListManifests::NeededBytes() const {
  if (unread_ > 0 || lacks_some_) return std::nullopt;
  return bytes_.ledger().bytes_total() - bytes_.ledger().bytes_before();
}

int64_t ListManifests::MissingBytes(const ImageOutcome& image) const {
  const auto known = blobs_.find(&image);
  if (known == blobs_.end()) return 0;
  return bytes_.ledger().BytesTotal(known->second) -
         bytes_.ledger().BytesDone(known->second);
}

void ListManifests::SetCommitted(CommittedLayers::Layers committed) {
  committed_ = std::move(committed);
  for (const Image& image : images_) {
    const auto known = blobs_.find(image.outcome);
    if (known == blobs_.end()) continue;
    CountCommitted(known->second);
    if (seams_.folders.BytesOf(image.outcome)) continue;  // knows more
    bytes_.Update(*image.outcome, known->second);
  }
  UpdateRun();
}

void ListManifests::OnPulled(ImageOutcome& image) {
  seams_.folders.OnPulled(&image, NewlyWhole(image));
  const auto known = blobs_.find(&image);
  if (known == blobs_.end()) return;
  bytes_.OnPulled(known->second);
  bytes_.Update(image, known->second);
  UpdateRun();
}

// The sizes of the blobs that this run has pulled with `image` and not before;
// nothing if they are not known.
std::optional<std::vector<int64_t>> ListManifests::NewlyWhole(
    const ImageOutcome& image) {
  const auto known = blobs_.find(&image);
  if (known == blobs_.end()) return std::nullopt;
  std::vector<int64_t> sizes;
  for (const std::string& digest : known->second) {
    if (committed_before_->digests.contains(digest)) continue;
    if (!pulled_.insert(digest).second) continue;
    sizes.push_back(bytes_.ledger().BytesTotal({digest}));
  }
  return sizes;
}

void ListManifests::UpdateUnderWay(std::optional<int64_t> received_bytes) {
  received_bytes_ = received_bytes;
  for (const Image& image : images_) {
    ImageOutcome& outcome = *image.outcome;
    if (outcome.state != ImageState::kPulling) continue;
    const std::optional<int64_t> under_way = seams_.folders.BytesOf(&outcome);
    const auto known = blobs_.find(&outcome);
    if (!under_way || known == blobs_.end()) continue;
    int64_t done = *under_way;
    for (const std::string& digest : known->second) {
      const bool is_whole = pulled_.contains(digest) ||
                            committed_before_->digests.contains(digest);
      if (is_whole) done += bytes_.ledger().BytesTotal({digest});
    }
    outcome.bytes_done = std::min(done, *outcome.bytes_total);
  }
  UpdateRun();
}

void ListManifests::UpdateRun() {
  if (unread_ > 0) return;
  bytes_.UpdateRun();
  ByteCount bytes = run_.bytes();
  if (seams_.folders.sees()) {
    bytes.done = std::max(
        bytes.done, bytes_.ledger().bytes_before() + seams_.folders.bytes());
  } else if (received_bytes_) {
    bytes.done =
        std::max(bytes.done, bytes_.ledger().bytes_before() + *received_bytes_);
  }
  if (bytes.total) bytes.done = std::min(bytes.done, *bytes.total);
  run_.UpdateBytes(bytes);
}

}  // namespace prepull
