#include "prepull/progress/download_watch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "prepull/base/log.h"
#include "prepull/base/redact.h"

namespace prepull {
namespace {

constexpr absl::Duration kListEvery = absl::Seconds(1);
// A runtime that is this late with an answer is asked anew.
constexpr absl::Duration kAnswerTimeout = absl::Seconds(10);
// Without a list for so long the watch is blind.
constexpr absl::Duration kBlindAfter = absl::Seconds(30);
// A download that was cancelled writes down the rest of its step a little
// later than the call ends: a list at once shows the old offset.
constexpr absl::Duration kSettleTime = absl::Milliseconds(75);
// Nobody waits longer than this for a list, or for an image's bytes.
constexpr absl::Duration kPatience = absl::Seconds(2);

// The manifest is there when the registry has answered twice.
constexpr absl::Duration kFirstSearch = absl::Milliseconds(250);
constexpr absl::Duration kSearchEvery = absl::Seconds(1);

}  // namespace

DownloadWatch::DownloadWatch(const std::vector<ImageRequest>& requests,
                             absl::Duration stall_timeout, int node_slots,
                             Seams seams, Run& run)
    : requests_(requests),
      stall_timeout_(stall_timeout),
      seams_(std::move(seams)),
      run_(run),
      detector_(node_slots),
      finder_(seams_.extension, seams_.post) {}

template <typename Answer>
RuntimeExtension::Done<Answer> DownloadWatch::Posting(
    std::function<void(absl::StatusOr<Answer>)> take) const {
  return [post = seams_.post,
          take = std::move(take)](absl::StatusOr<Answer> answer) {
    post([take, answer = std::move(answer)] { take(answer); });
  };
}

void DownloadWatch::OnStart(size_t image) {
  const Instant now = seams_.clock.Now();
  Watched& watched = watched_[image];
  running_.insert(image);
  watched.started = now;
  watched.started_at = seams_.clock.WallNow();
  watched.window = std::max(watched.window, stall_timeout_);
  watched.bytes_at_start = ledger_.BytesDone(watched.blobs);
  watched.search_at = now + kFirstSearch;
}

void DownloadWatch::OnFailed(size_t image, AttemptEnd end,
                             std::function<void(bool gained)> then) {
  running_.erase(image);
  Watched& watched = watched_[image];
  if (is_refused_ || !(watched.is_known || end.needs_blobs)) return then(false);
  settling_.push_back({image, end, seams_.clock.Now(), std::move(then)});
  if (IsSought(image)) Search(image);
}

void DownloadWatch::OnPulled(size_t image, Errand then) {
  Watched& watched = watched_[image];
  running_.erase(image);
  naming_[image] = {seams_.clock.Now(), std::move(then)};
  const std::string& image_ref = run_.images[image].image_ref;
  const bool can_be_told = absl::StartsWith(image_ref, "sha256:");
  if (is_refused_ || !can_be_told ||
      (watched.is_known && watched.config == image_ref)) {
    EndNaming(image);
  } else {
    watched.is_known = false;
    watched.is_outdated = watched.is_searched;
    if (!watched.is_searched) Search(image);
  }
}

void DownloadWatch::OnGivenUp(size_t image) { watched_.erase(image); }

void DownloadWatch::EndNaming(size_t image) {
  auto naming = naming_.extract(image);
  if (naming.empty()) return;
  const Watched& watched = watched_[image];
  if (watched.is_known) {
    ledger_.OnPulled(watched.blobs);
    UpdateImage(image);
  }
  watched_.erase(image);
  naming.mapped().then();
}

bool DownloadWatch::IsActive() const {
  return !settling_.empty() || !running_.empty();
}

// Whether its manifest is to be looked for.
bool DownloadWatch::IsSought(size_t image) const {
  const Watched& watched = watched_.at(image);
  return !watched.is_known && !watched.is_searched;
}

void DownloadWatch::Turn(Instant now) {
  GiveUpWaiting(now);
  if (is_refused_) return;
  // Once before the first pull: what is there has not been written by it.
  const bool is_active = IsActive() || !has_asked_;
  if (listing_ == nullptr && is_active && now >= ListDue()) List(now);
  SearchDue(now);
}

Instant DownloadWatch::NextTurn() const {
  Instant next = Instant::Never();
  for (const auto& [image, naming] : naming_) {
    next = std::min(next, naming.since + kPatience);
  }
  for (const Settling& settling : settling_) {
    next = std::min(next, settling.since + kPatience);
  }
  if (is_refused_ || !IsActive()) return next;
  if (listing_ == nullptr) next = std::min(next, ListDue());
  if (finder_.is_busy()) return next;
  for (const size_t image : running_) {
    if (IsSought(image)) next = std::min(next, watched_.at(image).search_at);
  }
  return next;
}

// In turn, or earlier for an attempt for which the last list was too early.
Instant DownloadWatch::ListDue() const {
  Instant due = list_at_;
  for (const Settling& settling : settling_) {
    const Instant settled = settling.since + kSettleTime;
    if (listing_asked_ < settled) due = std::min(due, settled);
  }
  return due;
}

void DownloadWatch::List(Instant now) {
  has_asked_ = true;
  listing_asked_ = now;
  list_at_ = now + kListEvery;
  listing_ = seams_.extension.ListDownloads(
      kAnswerTimeout,
      Posting<std::vector<OpenDownload>>(
          [this, now](const auto& listed) { OnListed(now, listed); }));
}

void DownloadWatch::OnListed(
    Instant asked, const absl::StatusOr<std::vector<OpenDownload>>& listed) {
  listing_.reset();
  if (absl::IsUnimplemented(listed.status())) {
    Refuse();
    return;
  }
  if (!listed.ok()) {
    Log(LogLevel::kDebug, "downloads cannot be listed",
        {{"error", ReportedMessage(listed.status())}});
    return;
  }
  seen_ = asked;
  detector_.Observe(asked, *listed);
  ledger_.Observe(*listed);
  for (const size_t image : running_) {
    AskForBlobs(watched_[image].blobs);
    UpdateImage(image);
  }
  for (const Settling& settling : settling_) UpdateImage(settling.image);
  UpdateRun();
  SettleListed();
}

void DownloadWatch::Refuse() {
  is_refused_ = true;
  run_.runtime.features.byte_progress = false;
  SettleAll();
  for (const size_t image : running_) seams_.on_manifest_found(image);
}

void DownloadWatch::AskForBlobs(const BlobLedger::Digests& blobs) {
  for (const std::string& digest : ledger_.TakeDue(seams_.clock.Now(), blobs)) {
    seams_.extension.FindBlob(
        digest, kAnswerTimeout,
        Posting<StoredBlob>(
            [this, digest](const auto& blob) { TakeBlob(digest, blob); }));
  }
}

void DownloadWatch::TakeBlob(const std::string& digest,
                             const absl::StatusOr<StoredBlob>& blob) {
  const Instant now = seams_.clock.Now();
  if (blob.ok()) {
    ledger_.OnWhole(digest, blob->created_at < run_.started_at);
  } else if (absl::IsNotFound(blob.status())) {
    ledger_.OnMissing(now, digest);
  } else {
    ledger_.OnNoAnswer(now, digest);
  }
}

void DownloadWatch::SearchDue(Instant now) {
  for (const size_t image : running_) {
    if (finder_.is_busy()) return;
    if (IsSought(image) && now >= watched_[image].search_at) Search(image);
  }
}

void DownloadWatch::Search(size_t image) {
  Watched& watched = watched_[image];
  watched.is_searched = true;
  const Reference& reference = *requests_[image].reference;
  finder_.Start(
      {.reference = reference,
       .pull = {.digest = reference.digest(),
                .image_ref =
                    naming_.contains(image) ? run_.images[image].image_ref : "",
                .started_at = watched.started_at},
       .moves =
           [this, since = watched.started](const std::string& digest) {
             return detector_.RoseSince(digest, since);
           },
       .is_wanted = [this, image] { return IsWanted(image); },
       .on_seen = [this, image] { seams_.on_manifest_found(image); }},
      [this, image](auto outcome, const auto& found) {
        OnSearched(image, outcome, found);
      });
}

bool DownloadWatch::IsWanted(size_t image) const {
  return watched_.contains(image) &&
         (running_.contains(image) || naming_.contains(image) ||
          std::any_of(settling_.begin(), settling_.end(),
                      [image](const Settling& settling) {
                        return settling.image == image;
                      }));
}

void DownloadWatch::OnSearched(size_t image, ManifestFinder::Outcome outcome,
                               const ManifestFinder::Found& found) {
  const auto it = watched_.find(image);
  if (it == watched_.end()) return;
  Watched& watched = it->second;
  watched.is_searched = false;
  if (std::exchange(watched.is_outdated, false)) return Search(image);
  if (outcome == ManifestFinder::Outcome::kFound) TakeManifest(image, found);
  watched.search_at = outcome == ManifestFinder::Outcome::kNone
                          ? seams_.clock.Now() + kSearchEvery
                          : Instant::Never();
  if (naming_.contains(image)) EndNaming(image);
  SettleListed();
}

void DownloadWatch::TakeManifest(size_t image,
                                 const ManifestFinder::Found& found) {
  ledger_.Add(found.blobs);
  Watched& watched = watched_[image];
  watched.is_known = true;
  watched.known_since = seams_.clock.Now();
  watched.config = found.config;
  watched.blobs.clear();
  for (const ManifestBlob& blob : found.blobs) {
    watched.blobs.push_back(blob.digest);
  }
  AskForBlobs(watched.blobs);
  UpdateImage(image);
}

// Those whose last bytes have been listed, and whose search is over.
void DownloadWatch::SettleListed() {
  SettleThose([this](const Settling& settling) {
    const bool is_searched =
        settling.end.needs_blobs && watched_[settling.image].is_searched;
    return settling.since + kSettleTime <= seen_ && !is_searched;
  });
}

template <typename Due>
void DownloadWatch::SettleThose(Due due) {
  const auto first_due = std::stable_partition(
      settling_.begin(), settling_.end(),
      [&](const Settling& settling) { return !due(settling); });
  std::vector<Settling> settled(std::make_move_iterator(first_due),
                                std::make_move_iterator(settling_.end()));
  settling_.erase(first_due, settling_.end());
  for (const Settling& each : settled) each.then(Gained(each));
}

bool DownloadWatch::Gained(const Settling& settling) {
  Watched& watched = watched_[settling.image];
  const int64_t gained_bytes =
      ledger_.BytesDone(watched.blobs) - BytesAtStart(watched);
  if (settling.end.was_cut) {
    watched.window = NextWindow(watched.window, stall_timeout_, gained_bytes,
                                settling.since - watched.started);
  }
  return gained_bytes > 0;
}

// Of an attempt that began without its manifest all that is known is what was
// there before the run, once the store has answered.
int64_t DownloadWatch::BytesAtStart(const Watched& watched) const {
  return watched.known_since > watched.started
             ? ledger_.BytesBefore(watched.blobs)
             : watched.bytes_at_start;
}

void DownloadWatch::GiveUpWaiting(Instant now) {
  SettleThose([now](const Settling& settling) {
    return settling.since + kPatience <= now;
  });
  std::vector<size_t> late;
  for (const auto& [image, naming] : naming_) {
    if (naming.since + kPatience <= now) late.push_back(image);
  }
  for (const size_t image : late) EndNaming(image);
}

void DownloadWatch::SettleAll() {
  GiveUpWaiting(Instant::Never());
  UpdateRun();
}

Verdict DownloadWatch::Judge(size_t image, Instant now) const {
  const Watched& watched = watched_.at(image);
  const bool is_blind = now - std::max(seen_, watched.started) > kBlindAfter;
  if (is_refused_ || is_blind) return Verdict::kPlainTimeout;
  return detector_.Judge(
      {.started = watched.started,
       .blobs = watched.is_known ? &watched.blobs : nullptr,
       .blobs_known_since = watched.known_since,
       .all_blobs_present = watched.is_known && ledger_.AllWhole(watched.blobs),
       .window = watched.window});
}

absl::Duration DownloadWatch::Patience(size_t image) const {
  return detector_.Patience(watched_.at(image).window);
}

TouchedDownloads DownloadWatch::DownloadsOf(size_t image) const {
  const auto it = watched_.find(image);
  if (it == watched_.end()) return {};
  const Watched& watched = it->second;
  return {.blobs = watched.blobs,
          .may_have_grown = [=, this, since = watched.started,
                             is_known = watched.is_known](const auto& digest) {
            return detector_.MayHaveGrownSince(digest, since) &&
                   (is_known || !ledger_.Has(digest));
          }};
}

bool DownloadWatch::NeedsToBeAlone(size_t image) const {
  if (is_refused_ || !requests_[image].reference->digest().empty()) {
    return false;
  }
  const auto it = watched_.find(image);
  return it == watched_.end() || !it->second.is_known;
}

void DownloadWatch::UpdateImage(size_t image) {
  const Watched& watched = watched_[image];
  if (!watched.is_known) return;
  run_.images[image].bytes_done = ledger_.BytesDone(watched.blobs);
  run_.images[image].bytes_total = ledger_.BytesTotal(watched.blobs);
}

// The total is unknown while any image's is that this run has to pull.
void DownloadWatch::UpdateRun() {
  run_.bytes.done = ledger_.bytes_done();
  run_.bytes.total = ledger_.bytes_total();
  for (const ImageOutcome& image : run_.images) {
    const bool counts = image.state != ImageState::kSkipped &&
                        image.state != ImageState::kFailed;
    if (!counts || image.bytes_total) continue;
    run_.bytes.total.reset();
    return;
  }
}

}  // namespace prepull
