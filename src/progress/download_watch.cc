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
// Nothing waits longer than this for a list, or for an image's bytes.
constexpr absl::Duration kPendingTimeout = absl::Seconds(2);
// The manifest is there when the registry has answered twice.
constexpr absl::Duration kFirstSearch = absl::Milliseconds(250);

}  // namespace

DownloadWatch::DownloadWatch(const Options& options, const Seams& seams,
                             Run& run)
    : stall_timeout_(options.stall_timeout),
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
  pull.window = std::max(pull.window, stall_timeout_);
  pull.bytes_at_start = bytes_.ledger().BytesDone(pull.blobs);
  if (is_off_ || pull.is_known) return;
  finder_.Seek(&image, CluesOf(pull, ""), now + kFirstSearch);
}

void DownloadWatch::OnFailed(const ImageOutcome& image, AttemptEnd end,
                             std::function<void(bool gained)> then) {
  running_.erase(&image);
  finder_.Pause(&image);
  const WatchedPull& pull = pulls_[&image];
  const bool is_searched = end.needs_blobs && !pull.is_known;
  if (is_off_ || !(pull.is_known || is_searched)) return then(false);
  const Instant now = seams_.clock.Now();
  pending_lists_.push_back({&image, end, is_searched, now, std::move(then)});
  lister_.ListAt(now + kSettleTime);
  if (!is_searched) return;
  finder_.SeekNow(&image, CluesOf(pull, ""),
                  [this, &image] { OnSearched(&image); });
}

void DownloadWatch::OnPulled(const ImageOutcome& image, Task then) {
  WatchedPull& pull = pulls_[&image];
  running_.erase(&image);
  pending_manifests_[&image] = {seams_.clock.Now(), std::move(then)};
  const bool can_be_told = absl::StartsWith(image.image_ref, "sha256:");
  if (is_off_ || !can_be_told ||
      (pull.is_known && pull.config == image.image_ref)) {
    return EndPulled(&image);
  }
  pull.is_known = false;
  finder_.SeekNow(&image, CluesOf(pull, image.image_ref),
                  [this, &image] { EndPulled(&image); });
}

void DownloadWatch::OnGivenUp(const ImageOutcome& image) {
  pulls_.erase(&image);
  finder_.Forget(&image);
}

void DownloadWatch::EndPulled(Image image) {
  auto pending = pending_manifests_.extract(image);
  if (pending.empty()) return;
  const WatchedPull& pull = pulls_[image];
  if (pull.is_known) {
    bytes_.OnPulled(pull.blobs);
    UpdateImage(pull);
  }
  OnGivenUp(*image);
  pending.mapped().then();
}

bool DownloadWatch::IsPulling() const {
  return !pending_lists_.empty() || !running_.empty();
}

void DownloadWatch::Turn(Instant now) {
  SettleLate(now);
  if (is_off_) return;
  lister_.Turn(now, IsPulling());
  finder_.Turn(now);
}

Instant DownloadWatch::NextTurn() const {
  Instant next = lister_.NextTurn(IsPulling());
  if (!is_off_) next = std::min(next, finder_.NextTurn());
  for (const auto& [image, pending] : pending_manifests_) {
    next = std::min(next, pending.since + kPendingTimeout);
  }
  for (const PendingList& pending : pending_lists_) {
    next = std::min(next, pending.since + kPendingTimeout);
  }
  return next;
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
  for (const PendingList& pending : pending_lists_) {
    UpdateImage(pulls_[pending.image]);
  }
  bytes_.UpdateRun();
  SettleListed();
  for (const PendingList& pending : pending_lists_) {
    const Instant settled = pending.since + kSettleTime;
    if (settled > asked) lister_.ListAt(settled);
  }
}

void DownloadWatch::StopWatching() {
  is_off_ = true;
  run_.runtime.features.byte_progress = false;
  SettleAll();
  for (const Image image : running_) pulls_[image].on_seen();
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

void DownloadWatch::OnManifest(Image image,
                               const ManifestFinder::Found& found) {
  bytes_.Add(found.blobs);
  WatchedPull& pull = pulls_[image];
  pull.SetManifest(found.config, found.blobs, seams_.clock.Now());
  finder_.Pause(image);
  bytes_.AskFor(pull.blobs);
  UpdateImage(pull);
}

void DownloadWatch::OnSearched(Image image) {
  for (PendingList& pending : pending_lists_) {
    if (pending.image == image) pending.is_searched = false;
  }
  SettleListed();
}

// Those whose last bytes have been listed, and whose search is over.
void DownloadWatch::SettleListed() {
  Settle([seen = lister_.seen()](const PendingList& pending) {
    return pending.since + kSettleTime <= seen && !pending.is_searched;
  });
}

template <typename Due>
void DownloadWatch::Settle(Due due) {
  const auto first_due = std::stable_partition(
      pending_lists_.begin(), pending_lists_.end(),
      [&](const PendingList& pending) { return !due(pending); });
  std::vector<PendingList> settled(
      std::make_move_iterator(first_due),
      std::make_move_iterator(pending_lists_.end()));
  pending_lists_.erase(first_due, pending_lists_.end());
  for (const PendingList& each : settled) each.then(Gained(each));
}

bool DownloadWatch::Gained(const PendingList& pending) {
  WatchedPull& pull = pulls_[pending.image];
  const int64_t gained_bytes = pull.GainedBytes(bytes_.ledger());
  if (pending.end.was_cut) {
    pull.window = NextWindow(pull.window, stall_timeout_, gained_bytes,
                             pending.since - pull.started);
  }
  return gained_bytes > 0;
}

void DownloadWatch::SettleLate(Instant now) {
  Settle([now](const PendingList& pending) {
    return pending.since + kPendingTimeout <= now;
  });
  std::vector<Image> late;
  for (const auto& [image, pending] : pending_manifests_) {
    if (pending.since + kPendingTimeout <= now) late.push_back(image);
  }
  for (const Image image : late) EndPulled(image);
}

void DownloadWatch::SettleAll() {
  SettleLate(Instant::Never());
  bytes_.UpdateRun();
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
