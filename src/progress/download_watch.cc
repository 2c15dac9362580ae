#include "prepull/progress/download_watch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"

namespace prepull {
namespace {

// Without a list for so long the watch is blind.
constexpr absl::Duration kBlindAfter = absl::Seconds(30);
// A download that was cancelled writes down the rest of its step a little
// later than the call ends: a list at once shows the old offset.
constexpr absl::Duration kSettleTime = absl::Milliseconds(75);
// The manifest is there when the registry has answered twice.
constexpr absl::Duration kFirstSearch = absl::Milliseconds(250);

}  // namespace

DownloadWatch::DownloadWatch(const Options& options, const Seams& seams,
                             Run& run)
    : stall_timeout_(options.stall_timeout),
      first_window_(std::max(options.first_window, options.stall_timeout)),
      seams_(seams),
      run_(run),
      detector_(options.node_slots),
      bytes_(&seams.downloads, seams.clock, seams.poster, run),
      lister_(
          seams.downloads, seams.poster,
          {.on_listed = [this](Instant asked,
                               const auto& listed) { OnListed(asked, listed); },
           .on_unimplemented = [this] { StopWatching(); }}),
      finder_(seams.downloads, seams.clock, seams.poster,
              {.on_seen = [this](Image image) { pulls_[image].on_seen(); },
               .on_found =
                   [this](Image image, const auto& found) {
                     OnManifest(image, found);
                   }}) {}

void DownloadWatch::OnStart(ImageOutcome& image, const Reference& reference,
                            Task on_seen) {
  const Instant now = seams_.clock.Now();
  WatchedPull& pull = pulls_[&image];
  running_.insert(&image);
  pull.image = &image;
  pull.reference = &reference;
  pull.on_seen = std::move(on_seen);
  pull.started = now;
  pull.started_at = seams_.clock.WallNow();
  if (pull.window == absl::ZeroDuration()) pull.window = first_window_;
  pull.bytes_at_start = bytes_.ledger().BytesDone(pull.blobs);
  if (is_off_ || pull.is_known) return;
  finder_.Seek(&image, CluesOf(pull, ""), now + kFirstSearch);
}

void DownloadWatch::OnFailed(const ImageOutcome& image, AttemptEnd end,
                             std::function<void(bool gained)> then) {
  running_.erase(&image);
  finder_.Pause(&image);
  const WatchedPull& pull = pulls_[&image];
  const bool needs_search = end.needs_blobs && !pull.is_known;
  if (is_off_ || !(pull.is_known || needs_search)) return then(false);
  const Instant now = seams_.clock.Now();
  ends_.Add({.image = &image,
             .since = now,
             .list_at = now + kSettleTime,
             .awaits_search = needs_search,
             .then = [this, &image, end, now, then = std::move(then)] {
               then(Gained(&image, end.was_cut, now));
             }});
  lister_.ListAt(now + kSettleTime);
  if (needs_search) SearchNow(pull, "");
}

bool DownloadWatch::Gained(Image image, bool was_cut, Instant ended) {
  WatchedPull& pull = pulls_[image];
  const int64_t gained_bytes = pull.GainedBytes(bytes_.ledger());
  if (was_cut) {
    pull.window = NextWindow(pull.window, stall_timeout_, gained_bytes,
                             ended - pull.started);
  }
  return gained_bytes > 0;
}

void DownloadWatch::OnPulled(const ImageOutcome& image, Task then) {
  WatchedPull& pull = pulls_[&image];
  running_.erase(&image);
  const bool can_be_told = absl::StartsWith(image.image_ref, "sha256:");
  if (is_off_ || !can_be_told ||
      (pull.is_known && pull.config == image.image_ref)) {
    return EndPulled(&image, then);
  }
  pull.is_known = false;
  ends_.Add({.image = &image,
             .since = seams_.clock.Now(),
             .awaits_search = true,
             .then = [this, &image, then = std::move(then)] {
               EndPulled(&image, then);
             }});
  SearchNow(pull, image.image_ref);
}

void DownloadWatch::EndPulled(Image image, const Task& then) {
  const WatchedPull& pull = pulls_[image];
  if (pull.is_known) {
    bytes_.OnPulled(pull.blobs);
    UpdateImage(pull);
  }
  OnGivenUp(*image);
  then();
}

void DownloadWatch::OnGivenUp(const ImageOutcome& image) {
  pulls_.erase(&image);
  finder_.Forget(&image);
}

bool DownloadWatch::IsPulling() const {
  return !running_.empty() || ends_.NextList() != Instant::Never();
}

void DownloadWatch::Turn(Instant now) {
  ends_.SettleLate(now);
  if (is_off_) return;
  lister_.Turn(now, IsPulling());
  finder_.Turn(now);
}

Instant DownloadWatch::NextTurn() const {
  const Instant next =
      std::min(ends_.NextLate(), lister_.NextTurn(IsPulling()));
  return is_off_ ? next : std::min(next, finder_.NextTurn());
}

void DownloadWatch::OnListed(Instant asked,
                             const std::vector<OpenDownload>& listed) {
  detector_.Observe(asked, listed);
  bytes_.Observe(listed);
  for (const Image image : running_) {
    const WatchedPull& pull = pulls_[image];
    bytes_.AskFor(pull.blobs);
    UpdateImage(pull);
  }
  for (const Image image : ends_.images()) UpdateImage(pulls_[image]);
  bytes_.UpdateRun();
  ends_.OnListed(asked);
  lister_.ListAt(ends_.NextList());
}

void DownloadWatch::StopWatching() {
  is_off_ = true;
  run_.features().byte_progress = false;
  SettleAll();
  for (const Image image : running_) pulls_[image].on_seen();
}

void DownloadWatch::SettleAll() {
  ends_.SettleLate(Instant::Never());
  bytes_.UpdateRun();
}

ManifestFinder::Clues DownloadWatch::CluesOf(
    const WatchedPull& pull, const std::string& image_ref) const {
  return {.reference = pull.reference,
          .traces = {.digest = pull.reference->digest(),
                     .image_ref = image_ref,
                     .started_at = pull.started_at},
          .moves = [this, since = pull.started](const std::string& digest) {
            return detector_.RoseSince(digest, since);
          }};
}

void DownloadWatch::SearchNow(const WatchedPull& pull,
                              const std::string& image_ref) {
  finder_.SeekNow(pull.image, CluesOf(pull, image_ref),
                  [this, image = pull.image] { ends_.OnSearched(image); });
}

void DownloadWatch::OnManifest(Image image,
                               const ManifestFinder::Found& found) {
  bytes_.Add(found.blobs);
  WatchedPull& pull = pulls_[image];
  pull.SetManifest(found.config, found.blobs, seams_.clock.Now());
  finder_.Pause(image);
  bytes_.AskFor(pull.blobs);
  UpdateImage(pull);
}

Verdict DownloadWatch::Judge(const ImageOutcome& image, Instant now) const {
  const WatchedPull& pull = pulls_.at(&image);
  const bool is_blind =
      now - std::max(lister_.seen(), pull.started) > kBlindAfter;
  if (is_off_ || is_blind) return Verdict::kPlainTimeout;
  return detector_.Judge(pull.View(bytes_.ledger()));
}

absl::Duration DownloadWatch::RestLimit(const ImageOutcome& image) const {
  return detector_.RestLimit(pulls_.at(&image).window);
}

std::optional<bool> DownloadWatch::HasRestingDownload(Instant now) const {
  if (is_off_ || now - lister_.seen() > kBlindAfter) return std::nullopt;
  return detector_.HasResting(stall_timeout_);
}

TouchedDownloads DownloadWatch::DownloadsOf(const ImageOutcome& image) const {
  const auto it = pulls_.find(&image);
  if (it == pulls_.end()) return {};
  const WatchedPull& pull = it->second;
  return {.blobs = pull.blobs,
          .may_have_grown = [this, since = pull.started,
                             is_known = pull.is_known](const auto& digest) {
            return detector_.MayHaveGrownSince(digest, since) &&
                   (is_known || !bytes_.ledger().Has(digest));
          }};
}

bool DownloadWatch::NeedsToBeAlone(const ImageOutcome& image,
                                   const Reference& reference) const {
  if (is_off_ || !reference.digest().empty()) return false;
  const auto it = pulls_.find(&image);
  return it == pulls_.end() || !it->second.is_known;
}

void DownloadWatch::UpdateImage(const WatchedPull& pull) const {
  if (pull.is_known) bytes_.Update(*pull.image, pull.blobs);
}

}  // namespace prepull
