#include "prepull/progress/manifest_finder.h"

#include <algorithm>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/redact.h"
#include "prepull/progress/manifest_choice.h"

namespace prepull {
namespace {

// A runtime that is this late with an answer is asked anew.
constexpr absl::Duration kSearchTimeout = absl::Seconds(10);
constexpr absl::Duration kSearchEvery = absl::Seconds(1);
// Each one makes the runtime walk its whole store.
constexpr int kMaxSearches = 4;

}  // namespace

void ManifestFinder::Seek(Image image, Clues clues, Instant at) {
  Search& search = searches_[image];
  search.clues = std::move(clues);
  search.at = at;
  search.is_wanted = true;
}

void ManifestFinder::SeekNow(Image image, Clues clues, Task then) {
  Search& search = searches_[image];
  search.clues = std::move(clues);
  search.at = Instant::Never();
  search.is_wanted = true;
  search.is_outdated = search.is_running;
  search.then = std::move(then);
  if (!search.is_running) Start(image, search);
}

void ManifestFinder::Pause(Image image) {
  const auto it = searches_.find(image);
  if (it == searches_.end()) return;
  it->second.at = Instant::Never();
  it->second.is_wanted = false;
}

bool ManifestFinder::IsBusy() const { return running_ >= kMaxSearches; }

void ManifestFinder::Turn(Instant now) {
  for (auto& [image, search] : searches_) {
    if (IsBusy()) return;
    if (!search.is_running && now >= search.at) Start(image, search);
  }
}

Instant ManifestFinder::NextTurn() const {
  Instant next = Instant::Never();
  if (IsBusy()) return next;
  for (const auto& [image, search] : searches_) {
    if (!search.is_running) next = std::min(next, search.at);
  }
  return next;
}

void ManifestFinder::Start(Image image, Search& search) {
  search.is_running = true;
  ++running_;
  downloads_.FindBlobs(
      *search.clues.reference, kSearchTimeout,
      scope_.Callback<absl::StatusOr<std::vector<StoredBlob>>>(
          [this, image](const auto& blobs) { Choose(image, blobs); }));
}

void ManifestFinder::Choose(
    Image image, const absl::StatusOr<std::vector<StoredBlob>>& blobs) {
  const auto it = searches_.find(image);
  const bool is_wanted =
      it != searches_.end() && it->second.is_wanted && !it->second.is_outdated;
  const Instant again = clock_.Now() + kSearchEvery;
  if (!is_wanted || !blobs.ok()) return End(image, again);
  const Clues& clues = it->second.clues;
  const StoredBlob* manifest = ChooseManifest(
      *blobs, clues.traces,
      [this](const std::string& digest) { return taken_.contains(digest); },
      clues.moves);
  if (manifest == nullptr) return End(image, again);
  Read(image, *manifest);
}

void ManifestFinder::Read(Image image, const StoredBlob& manifest) {
  downloads_.ReadBlob(manifest.digest, kSearchTimeout,
                      scope_.Callback<absl::StatusOr<std::string>>(
                          [this, image, manifest](const auto& text) {
                            OnRead(image, manifest, text);
                          }));
}

void ManifestFinder::OnRead(Image image, const StoredBlob& manifest,
                            const absl::StatusOr<std::string>& text) {
  if (searches_.contains(image)) {
    const auto blobs = text.ok() ? ParseManifestBlobs(*text) : text.status();
    if (blobs.ok()) {
      taken_.insert(manifest.digest);
      events_.on_found(image, {manifest.config, *blobs});
    } else {
      Log(LogLevel::kDebug, "unusable manifest",
          {{"image", image->image},
           {"error", ReportedMessage(blobs.status())}});
    }
    events_.on_seen(image);
  }
  // What cannot be read now will not be read later in this attempt.
  End(image, Instant::Never());
}

void ManifestFinder::End(Image image, Instant again) {
  --running_;
  const auto it = searches_.find(image);
  if (it == searches_.end()) return;
  Search& search = it->second;
  search.is_running = false;
  if (std::exchange(search.is_outdated, false)) return Start(image, search);
  const Task then = std::exchange(search.then, nullptr);
  const bool goes_on = search.is_wanted && then == nullptr;
  search.at = goes_on ? again : Instant::Never();
  if (then != nullptr) then();
}

}  // namespace prepull
