#include "src/pull/attempts.h"

#include <algorithm>
#include <utility>

namespace prepull {
namespace {

// A cancelled call ends as soon as gRPC has heard of it; what takes longer is
// left behind, because the status file is due within two seconds.
constexpr absl::Duration kCancelTimeout = absl::Seconds(1);
constexpr absl::Duration kDropTimeout = absl::Milliseconds(500);

// A version that may fetch a layer in several ranges at once shows only how far
// the first of them is: on a slow link a step of it can take 20 s. (Connections
// show all of them.)
constexpr int kRangesAtOnce = 4;

absl::Duration FirstWindow(const Attempts::Setup& setup, const Run& run) {
  const bool may_hide_ranges =
      setup.options.node_download_slots > 0 && !run.features().connections;
  return setup.options.stall_timeout * (may_hide_ranges ? kRangesAtOnce : 1);
}

}  // namespace

Attempts::Attempts(const Setup& setup, AttemptListener& listener, Run& run)
    : setup_(setup),
      listener_(listener),
      run_(run),
      remover_(setup.context.runtime, setup.poster),
      dropper_(setup.context.runtime.downloads(), setup.poster) {
  if (run.features().connections) {
    connections_ = std::make_unique<ConnectionWatch>(
        ConnectionWatch::Options{
            .silence = {.stall_timeout = setup.options.stall_timeout,
                        .resumes_rarely = setup.options.resumes_rarely},
            .may_end = setup.options.resumes_within_pull},
        *setup.context.connections, run);
  }
  if (!setup.sees_downloads) return;
  watch_ = std::make_unique<DownloadWatch>(
      DownloadWatch::Options{.stall_timeout = setup.options.stall_timeout,
                             .first_window = FirstWindow(setup, run),
                             .node_slots = setup.options.node_download_slots},
      DownloadWatch::Seams{.downloads = *setup.context.runtime.downloads(),
                           .clock = setup.context.clock,
                           .poster = setup.poster},
      run);
}

bool Attempts::NeedsToBeAlone(const PullItem& item) const {
  return watch_ != nullptr &&
         watch_->NeedsToBeAlone(item.outcome, item.reference());
}

void Attempts::Start(PullItem& item) {
  item.attempt = {.started = setup_.context.clock.Now()};
  running_.insert(&item);
  item.attempt.round = std::make_unique<PullRound>(
      RoundTask{.request = item.request,
                .lease_id = setup_.lease_id,
                .replaces = item.replaces,
                .refused = std::exchange(item.refused, std::nullopt)},
      PullRound::Seams{
          .runtime = setup_.context.runtime,
          .credentials = setup_.context.credentials,
          .remover = remover_,
          .poster = setup_.poster,
          .on_removed = [this, &item] { listener_.OnRemoved(item); },
          .on_pull = [this, &item] { OnCall(item); },
          .done = [this, &item](const RoundEnd& end) { OnEnded(item, end); }});
  item.attempt.round->Start();
}

// A call begins: the round's first, or one with its next credential.
void Attempts::OnCall(PullItem& item) {
  Attempt& attempt = item.attempt;
  attempt.started = setup_.context.clock.Now();
  attempt.timeout = AttemptTimeout(
      setup_.options.retry, item.history, run_.deadline() - attempt.started,
      /*gets_the_rest=*/!IsWatched(), item.missing_bytes);
  attempt.ends = attempt.started + attempt.timeout;
  if (!std::exchange(attempt.has_pulled, true)) listener_.OnAsked(item);
  if (watch_ == nullptr) return;
  watch_->OnStart(item.outcome, item.reference(),
                  [this, &item] { listener_.OnIdentified(item); });
  // Its manifest may have been found since it was queued.
  if (!NeedsToBeAlone(item)) listener_.OnIdentified(item);
}

void Attempts::Forget(const PullItem& item) {
  if (watch_ != nullptr) watch_->OnGivenUp(item.outcome);
}

void Attempts::Turn(Instant now) {
  if (watch_ != nullptr) watch_->Turn(now);
  // An attempt is not ended before a last look.
  if (connections_ != nullptr && !is_idle() && now >= NextTurn()) {
    connections_->Look(now, Surroundings(now));
  }
}

bool Attempts::IsWatched() const {
  return watch_ != nullptr ||
         (connections_ != nullptr && setup_.options.resumes_within_pull);
}

SilenceDetector::Surroundings Attempts::Surroundings(Instant now) const {
  SilenceDetector::Surroundings surroundings = {
      .response_timeout = setup_.options.retry.first_timeout};
  for (const PullItem* item : running_) {
    // Without the time for its bytes.
    surroundings.response_timeout = std::max(
        surroundings.response_timeout,
        AttemptTimeout(setup_.options.retry, item->history,
                       run_.deadline() - now, /*gets_the_rest=*/false));
  }
  if (watch_ != nullptr) {
    surroundings.has_resting_download = watch_->HasRestingDownload(now);
  } else if (const auto resting = setup_.folders.RestingFiles(
                 setup_.options.stall_timeout / 2)) {
    surroundings.has_resting_download = *resting > 0;
  }
  return surroundings;
}

std::optional<int64_t> Attempts::received_bytes() const {
  if (connections_ == nullptr) return std::nullopt;
  return connections_->received_bytes();
}

void Attempts::CutLate(Instant now) {
  for (PullItem* item : running_) {
    Attempt& attempt = item->attempt;
    if (attempt.cut || !attempt.round->is_pulling()) continue;
    const Verdict verdict = Judge(*item, now);
    if (verdict == Verdict::kUnpacking &&
        !std::exchange(attempt.is_downloaded, true)) {
      listener_.OnDownloaded(*item);
    }
    if (verdict == Verdict::kStalled) {
      CutRound(attempt, CutForAStall(watch_->RestLimit(item->outcome)));
    } else if (verdict != Verdict::kPlainTimeout) {
      attempt.ends = now + attempt.timeout;
    } else {
      LetRunWhileItMoves(attempt, now);
      if (now < attempt.ends) continue;
      CutRound(attempt, CutForItsTime(attempt.timeout, watch_ != nullptr));
    }
  }
}

Verdict Attempts::Judge(const PullItem& item, Instant now) const {
  if (watch_ == nullptr) return Verdict::kPlainTimeout;
  const Verdict verdict = watch_->Judge(item.outcome, now);
  // Where connections are seen a stuck one is ended, and its pull goes on.
  const bool is_mended = connections_ != nullptr &&
                         connections_->SeesDownloads() &&
                         setup_.options.resumes_within_pull;
  return verdict == Verdict::kStalled && is_mended ? Verdict::kPlainTimeout
                                                   : verdict;
}

// The runtime receives, or has nothing to wait for: then it unpacks.
void Attempts::LetRunWhileItMoves(Attempt& attempt, Instant now) const {
  if (connections_ == nullptr || !connections_->SeesDownloads()) return;
  const Instant moved =
      connections_->is_idle() ? now : connections_->moved_at();
  attempt.ends = std::max(attempt.ends, moved + attempt.timeout);
}

void Attempts::CutRound(Attempt& attempt, Cut cut) {
  attempt.cut = std::move(cut);
  attempt.round->Cancel();
}

Instant Attempts::NextTurn() const {
  Instant next = watch_ != nullptr ? watch_->NextTurn() : Instant::Never();
  for (const PullItem* item : running_) {
    if (!item->attempt.cut) next = std::min(next, item->attempt.ends);
  }
  if (connections_ != nullptr && !is_idle()) {
    next = std::min(next, connections_->NextLook());
  }
  return next;
}

void Attempts::OnEnded(PullItem& item, const RoundEnd& end) {
  running_.erase(&item);
  item.attempt.round.reset();
  if (end.had_nothing_new) return listener_.OnNothingNew(item);
  if (!end.image_ref.ok()) return OnFailed(item, end);
  dropper_.Acquit(&item.outcome);
  listener_.OnPulled(item, *end.image_ref);
  if (watch_ == nullptr) return listener_.OnBytesKnown(item);
  ++unsettled_;
  watch_->OnPulled(item.outcome, [this, &item] {
    --unsettled_;
    listener_.OnBytesKnown(item);
  });
}

void Attempts::OnFailed(PullItem& item, const RoundEnd& end) {
  const AttemptFailure failure = FailureOf(end, item.attempt.cut);
  if (connections_ != nullptr) {
    connections_->OnFailed(setup_.context.clock.Now(), end.image_ref.status());
  }
  listener_.OnFailed(item, failure, end.credentials);
  // Without a lease the runtime has thrown away what it had.
  const bool must_drop = failure.what.bad_bytes && !setup_.lease_id.empty();
  ++unsettled_;
  const auto settle = [=, this, &item,
                       error = end.image_ref.status()](bool gained_bytes) {
    if (!must_drop) return Settle(item, failure, gained_bytes);
    dropper_.Drop(
        &item.outcome, error,
        watch_ ? watch_->DownloadsOf(item.outcome) : TouchedDownloads(),
        [=, this, &item] { Settle(item, failure, /*gained_bytes=*/false); });
  };
  if (watch_ == nullptr) return settle(false);
  watch_->OnFailed(item.outcome,
                   {.was_cut = failure.was_cut, .needs_blobs = must_drop},
                   settle);
}

void Attempts::Settle(PullItem& item, const AttemptFailure& failure,
                      bool gained_bytes) {
  --unsettled_;
  listener_.OnSettled(item, failure, gained_bytes);
}

void Attempts::SettleAll() {
  if (watch_ != nullptr) watch_->SettleAll();
}

void Attempts::WindUp(TaskRunner& tasks) {
  for (PullItem* item : running_) item->attempt.round->Cancel();
  remover_.CancelAll();
  RunWhileBusy(tasks, kCancelTimeout);
  dropper_.DropSuspects();
  RunWhileBusy(tasks, kDropTimeout);
  for (PullItem* item : running_) {
    run_.Move(item->outcome, ImageState::kWaiting);
  }
}

void Attempts::RunWhileBusy(TaskRunner& tasks, absl::Duration timeout) {
  Clock& clock = setup_.context.clock;
  const Instant until = clock.Now() + timeout;
  SettleAll();
  while ((!is_idle() || dropper_.is_busy()) && clock.Now() < until) {
    clock.WaitUntil(until, tasks.wakeup());
    tasks.RunPending();
    SettleAll();
  }
}

}  // namespace prepull
