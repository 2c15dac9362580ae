#include "src/pull/pull_loop.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr absl::Duration kLookInterval = absl::Seconds(1);
// A download that rests for so long may be stuck: its pull takes up no slot. So
// there are at most so many pulls for each slot.
constexpr absl::Duration kLendAfter = absl::Seconds(2);
constexpr int kMostLent = 3;

}  // namespace

PullLoop::PullLoop(const Setup& setup, std::vector<PullItem>& items, Run& run)
    : setup_(setup),
      options_(setup.options),
      clock_(setup.context.clock),
      observer_(setup.context.observer),
      items_(items),
      run_(run),
      attempts_({.context = setup.context,
                 .options = options_,
                 .lease_id = setup.lease.lease_id(),
                 .sees_downloads = setup.sees_downloads,
                 .poster = tasks_.poster(),
                 .folders = folders_},
                *this, run),
      folders_(setup.context.pull_folders),
      order_({.by_layers = options_.layer_order,
              .needs_to_be_alone =
                  [this](const PullItem& item) {
                    return attempts_.NeedsToBeAlone(item);
                  },
              .reader = setup.context.manifests,
              .committed = setup.context.committed_layers,
              .folders = folders_,
              .clock = clock_,
              .poster = tasks_.poster(),
              .pool = pool_},
             run),
      pool_({.pulls = options_.concurrency,
             .pulls_of_registry = options_.registry_concurrency,
             .downloads = options_.downloads},
            order_),
      monitor_(setup.context.runtime, clock_, tasks_.poster(),
               run.runtime().socket),
      space_(setup.space) {}

LoopEnd PullLoop::Pull() {
  std::stop_callback wake(setup_.stop, [this] { tasks_.wakeup().Notify(); });
  QueueAll();
  while (true) {
    tasks_.RunPending();
    if (!space_.Fits(order_.NeededBytes())) no_space_ = true;
    ShutOutWhatCannotStart();
    const Instant now = clock_.Now();
    order_.Turn(now);
    LookAtFolders(now);
    // First, because it may end the last image.
    attempts_.Turn(now);
    if (setup_.stop.stop_requested() || now >= run_.deadline()) {
      attempts_.SettleAll();
    }
    if (const std::optional<LoopEnd> end = ReasonToEnd(now)) {
      attempts_.WindUp(tasks_);
      monitor_.Cancel();
      return *end;
    }
    attempts_.CutLate(now);
    monitor_.Turn(now);
    StartDue(now);
    const Instant observer_alarm = observer_.OnTurn(run_, now);
    clock_.WaitUntil(std::min(NextAlarm(now), observer_alarm), tasks_.wakeup());
  }
}

// What CRI-O has under way, which it does not show itself.
void PullLoop::LookAtFolders(Instant now) {
  if (setup_.sees_downloads || attempts_.is_idle() || now < next_look_) return;
  next_look_ = now + kLookInterval;
  folders_.Look(now);
  if (folders_.sees()) run_.features().byte_progress = true;
  order_.UpdateUnderWay(attempts_.received_bytes());
  if (!options_.lends_slots) return;
  pool_.Lend(std::min(folders_.RestingFiles(kLendAfter).value_or(0),
                      kMostLent * options_.concurrency));
}

void PullLoop::ShutOutWhatCannotStart() {
  if (setup_.stop.stop_requested()) return;
  for (PullItem* item : pool_.RemoveShutOut(run_.deadline())) ShutOut(*item);
}

void PullLoop::QueueAll() {
  const absl::Duration jitter =
      options_.start_jitter * setup_.context.roll_dice();
  const Instant now = clock_.Now();
  // Most of a short run is for pulls.
  const Instant due = now + std::min(jitter, (run_.deadline() - now) / 2);
  std::vector<PullItem*> waiting;
  for (PullItem& item : items_) {
    if (item.outcome.state != ImageState::kWaiting) continue;
    item.history.credentials_may_change = setup_.context.credentials != nullptr;
    waiting.push_back(&item);
    pool_.Add(&item, item.registry(), due);
  }
  order_.Begin(waiting, due);
}

std::optional<LoopEnd> PullLoop::ReasonToEnd(Instant now) const {
  if (no_space_ && attempts_.is_idle()) return LoopEnd::kNoSpace;
  if (pool_.is_idle() && attempts_.is_settled()) return LoopEnd::kAllEnded;
  if (setup_.stop.stop_requested()) return LoopEnd::kStopRequested;
  if (now < run_.deadline()) return std::nullopt;
  return no_space_ ? LoopEnd::kNoSpace : LoopEnd::kDeadline;
}

void PullLoop::StartDue(Instant now) {
  if (no_space_ || monitor_.is_away() || now < order_.ready_at()) return;
  while (PullItem* item = pool_.StartNext(now)) {
    ImageOutcome& outcome = item->outcome;
    if (!outcome.started_at) outcome.started_at = now;
    outcome.next_attempt_at.reset();
    run_.Move(outcome, ImageState::kPulling);
    attempts_.Start(*item);
  }
}

Instant PullLoop::NextAlarm(Instant now) {
  Instant next = std::min(run_.deadline(), attempts_.NextTurn());
  if (!no_space_ && !monitor_.is_away()) {
    next = std::min(next, std::max(pool_.NextChange(now), order_.ready_at()));
  }
  if (!setup_.sees_downloads && !attempts_.is_idle()) {
    next = std::min(next, next_look_);
  }
  return std::min(next, monitor_.NextTurn());
}

void PullLoop::ReleaseSlot(PullItem& item, bool is_pulled) {
  pool_.Release(item.registry(), !item.attempt.is_downloaded);
  order_.OnEnd(item, is_pulled);
}

// What an earlier pull left unusable under this name is gone.
void PullLoop::OnRemoved(PullItem& item) {
  run_.ClearNotUsable(item.reference().Normalised());
}

void PullLoop::OnAsked(PullItem& item) {
  ++item.outcome.attempts;
  observer_.OnAttempt(run_, item.outcome);
}

void PullLoop::OnIdentified(PullItem& item) { order_.OnIdentified(item); }

void PullLoop::OnDownloaded(PullItem&) { pool_.ReleaseDownload(); }

void PullLoop::OnNothingNew(PullItem& item) {
  ReleaseSlot(item, /*is_pulled=*/false);
  pool_.gate(item.registry()).OnNoAnswer(item.attempt.started);
  GiveUp(item);
}

void PullLoop::OnPulled(PullItem& item, const std::string& image_ref) {
  ReleaseSlot(item, /*is_pulled=*/true);
  pool_.gate(item.registry()).OnAnswer(item.attempt.started);
  ImageOutcome& outcome = item.outcome;
  outcome.image_ref = Printable(image_ref, 512);
  outcome.reason = Reason::kNone;
  outcome.message.clear();
  outcome.took = clock_.Now() - *outcome.started_at;
  OnRemoved(item);
  run_.Move(outcome, ImageState::kPulled);
}

void PullLoop::OnBytesKnown(PullItem& item) {
  observer_.OnEnded(run_, item.outcome);
}

void PullLoop::OnFailed(PullItem& item, const AttemptFailure& failure,
                        const FoundCredentials& credentials) {
  ReleaseSlot(item, /*is_pulled=*/false);
  run_.Move(item.outcome, ImageState::kWaiting);
  if (!failure.run_ends) Publish(item, failure, credentials);
}

// Passes the failure to the report, the gate and the monitor at once, before
// its bytes are counted.
void PullLoop::Publish(PullItem& item, const AttemptFailure& failure,
                       const FoundCredentials& credentials) {
  ImageOutcome& outcome = item.outcome;
  const ErrorClass& what = failure.what;
  outcome.reason = what.reason;
  outcome.message = failure.message;
  outcome.took = clock_.Now() - *outcome.started_at;
  // A cut round did not get to its last credential.
  if (what.retry == Retry::kNextCredential && !item.attempt.cut) {
    item.refused = credentials;
  }
  if (what.reason == Reason::kNotUsable) {
    run_.MarkNotUsable(item.reference().Normalised());
  }
  RegistryGate& gate = pool_.gate(item.registry());
  const Instant started = item.attempt.started;
  if (item.attempt.has_pulled) {
    gate.OnFailure(what, clock_.Now(), started, setup_.context.roll_dice());
  } else {
    // The registry was not asked: the failure says nothing about it.
    gate.OnNoAnswer(started);
  }
  if (what.retry == Retry::kAwaitRuntime) monitor_.OnUnavailable();
  if (what.retry == Retry::kUncounted) setup_.lease.Renew();
  if (what.retry == Retry::kStopRun) no_space_ = true;
}

void PullLoop::OnSettled(PullItem& item, const AttemptFailure& failure,
                         bool gained_bytes) {
  if (failure.run_ends) return;
  const ErrorClass& error = failure.what;
  if (item.attempt.has_pulled && (error.retry == Retry::kUncounted ||
                                  error.retry == Retry::kAwaitRuntime)) {
    --item.outcome.attempts;
  }
  item.history.Add(error, gained_bytes, clock_.Now());
  Retry(item, error);
}

void PullLoop::Retry(PullItem& item, const ErrorClass& error) {
  const std::optional<absl::Duration> wanted = DelayBeforeNext(
      options_.retry, item.history, error, setup_.context.roll_dice());
  if (!wanted) return GiveUp(item);
  const Instant now = clock_.Now();
  const std::optional<absl::Duration> delay =
      DelayWithin(run_.deadline() - now, *wanted, options_.retry, item.history);
  if (!delay) return Postpone(item, "no time for another try");
  const RegistryGate& gate = pool_.gate(item.registry());
  if (gate.StaysClosedUntil(run_.deadline())) return ShutOut(item);
  pool_.Add(&item, item.registry(), now + *delay);
  const Instant opens = gate.IsOpen(now) ? now : gate.NextChange(now);
  const Instant next = std::max(now + *delay, opens);
  item.outcome.next_attempt_at = next;
  observer_.OnRetry(run_, item.outcome, next - now);
}

void PullLoop::GiveUp(PullItem& item) { EndAs(ImageState::kFailed, item); }

// Leaves the image to the next run.
void PullLoop::Postpone(PullItem& item, absl::string_view why) {
  ImageOutcome& outcome = item.outcome;
  absl::StrAppend(&outcome.message, outcome.message.empty() ? "" : "; ", why);
  if (outcome.started_at) outcome.took = clock_.Now() - *outcome.started_at;
  EndAs(ImageState::kStopped, item);
}

void PullLoop::ShutOut(PullItem& item) {
  const Instant now = clock_.Now();
  const Instant opens = pool_.gate(item.registry()).NextChange(now);
  item.outcome.reason = Reason::kRateLimited;
  Postpone(item, absl::StrCat("no request to ", item.registry(), " for ",
                              HumanDuration(opens - now),
                              ", until after the deadline"));
}

void PullLoop::EndAs(ImageState state, PullItem& item) {
  item.outcome.next_attempt_at.reset();
  run_.Move(item.outcome, state);
  attempts_.Forget(item);
  order_.Remove(item);
  observer_.OnEnded(run_, item.outcome);
}

}  // namespace prepull
