#include "src/pull/pull_loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

// A cancelled call ends as soon as gRPC has heard of it; what takes longer is
// left behind, because the status file is due within two seconds.
constexpr absl::Duration kCancelPatience = absl::Seconds(1);

constexpr absl::Duration kDropPatience = absl::Milliseconds(500);

constexpr int kMostRefusals = 3;

}  // namespace

PullLoop::PullLoop(const PullOrder& order, const RunContext& context,
                   LeaseKeeper& lease, const std::stop_token& stop, Run& run)
    : requests_(order.requests),
      replaces_(order.replaces),
      options_(order.options),
      context_(context),
      lease_(lease),
      stop_(stop),
      run_(run),
      pool_(options_.concurrency, options_.registry_concurrency),
      work_(requests_.size()),
      remover_(context.runtime, Posting()),
      dropper_(context.runtime.extension(), Posting()),
      vigil_(context.runtime, context.clock, Posting(), run.runtime.socket) {
  if (run.runtime.features.byte_progress) WatchDownloads();
}

void PullLoop::WatchDownloads() {
  watch_ = std::make_unique<DownloadWatch>(
      requests_, options_.stall_timeout, options_.node_download_slots,
      DownloadWatch::Seams{.extension = *context_.runtime.extension(),
                           .clock = context_.clock,
                           .post = Posting(),
                           .on_manifest_found =
                               [this](size_t image) {
                                 pool_.LetOthersIn(image, RepositoryOf(image));
                               }},
      run_);
}

LoopEnd PullLoop::Pull() {
  std::stop_callback wake(stop_,
                          [mailbox = mailbox_] { mailbox->wakeup().Notify(); });
  QueueAll();
  while (true) {
    ReadMail();
    ShutOutWhatCannotStart();
    const Instant now = context_.clock.Now();
    // First, because the last image may be over by it.
    if (watch_ != nullptr) TurnWatch(now);
    if (const std::optional<LoopEnd> end = ReasonToEnd(now)) {
      CancelAll();
      DrainFor(kCancelPatience);
      dropper_.DropSuspects();
      DrainFor(kDropPatience);
      return *end;
    }
    CutLate(now);
    vigil_.Turn(now);
    StartDue(now);
    const Instant observer_alarm = context_.observer.OnTurn(run_, now);
    context_.clock.WaitUntil(std::min(NextAlarm(now), observer_alarm),
                             mailbox_->wakeup());
  }
}

void PullLoop::ShutOutWhatCannotStart() {
  if (stop_.stop_requested()) return;
  for (const size_t image : pool_.TakeShutOut(run_.deadline())) ShutOut(image);
}

void PullLoop::TurnWatch(Instant now) {
  watch_->Turn(now);
  if (stop_.stop_requested() || now >= run_.deadline()) watch_->SettleAll();
}

void PullLoop::QueueAll() {
  const absl::Duration jitter = options_.start_jitter * context_.roll_dice();
  const Instant now = context_.clock.Now();
  // Most of a short run is for pulls.
  const Instant due = now + std::min(jitter, (run_.deadline() - now) / 2);
  for (size_t i = 0; i < run_.images.size(); ++i) {
    if (run_.images[i].state != ImageState::kWaiting) continue;
    Queue(i, due);
  }
}

void PullLoop::Queue(size_t image, Instant due) {
  const bool alone = watch_ != nullptr && watch_->NeedsToBeAlone(image);
  pool_.Add(image, RegistryOf(image), alone ? RepositoryOf(image) : "", due);
}

std::optional<LoopEnd> PullLoop::ReasonToEnd(Instant now) const {
  if (no_space_ && running_.empty()) return LoopEnd::kNoSpace;
  if (pool_.is_idle() && unsettled_ == 0) return LoopEnd::kAllEnded;
  if (stop_.stop_requested()) return LoopEnd::kStopRequested;
  if (now < run_.deadline()) return std::nullopt;
  return no_space_ ? LoopEnd::kNoSpace : LoopEnd::kDeadline;
}

void PullLoop::StartDue(Instant now) {
  if (no_space_ || vigil_.is_away()) return;
  while (const std::optional<size_t> image = pool_.Take(now)) {
    Start(*image, now);
  }
}

void PullLoop::Start(size_t image, Instant now) {
  ImageOutcome& outcome = run_.images[image];
  Work& work = work_[image];
  if (!outcome.started_at) outcome.started_at = now;
  outcome.next_attempt_at.reset();
  work.cut.reset();
  work.has_pulled = false;
  work.attempt_started = now;
  work.attempt_ends = Instant::Never();
  run_.Move(outcome, ImageState::kPulling);
  running_.insert(image);
  const auto replaces = replaces_.find(image);
  work.round = std::make_unique<PullRound>(
      RoundTask{.request = requests_[image],
                .lease_id = lease_.lease_id(),
                .replaces = replaces == replaces_.end() ? "" : replaces->second,
                .refused = std::exchange(work.refused, std::nullopt)},
      PullRound::Seams{
          .runtime = context_.runtime,
          .credentials = context_.credentials,
          .remover = remover_,
          .post = Posting(),
          .on_removed = [this, image] { Forgive(image); },
          .on_pull = [this, image] { OnPull(image); },
          .done = [this,
                   image](const RoundEnd& end) { OnRoundEnded(image, end); }});
  work.round->Start();
}

// A call begins: the round's first, or one with its next credential.
void PullLoop::OnPull(size_t image) {
  const Instant now = context_.clock.Now();
  ImageOutcome& outcome = run_.images[image];
  Work& work = work_[image];
  work.attempt_started = now;
  work.attempt_timeout =
      AttemptTimeout(options_.retry, work.history, run_.deadline() - now,
                     /*gets_the_rest=*/!run_.runtime.features.byte_progress);
  work.attempt_ends = now + work.attempt_timeout;
  if (!std::exchange(work.has_pulled, true)) {
    ++outcome.attempts;
    context_.observer.OnAttempt(run_, outcome);
  }
  if (watch_ == nullptr) return;
  watch_->OnStart(image);
  // Its manifest may have been found since it was queued.
  if (!watch_->NeedsToBeAlone(image)) {
    pool_.LetOthersIn(image, RepositoryOf(image));
  }
}

void PullLoop::CutLate(Instant now) {
  for (const size_t image : running_) {
    Work& work = work_[image];
    if (work.cut || !work.round->is_pulling()) continue;
    const Verdict verdict =
        watch_ ? watch_->Judge(image, now) : Verdict::kPlainTimeout;
    if (verdict == Verdict::kStalled) {
      CutRound(work, CutForAStall(watch_->Patience(image)));
    } else if (verdict != Verdict::kPlainTimeout) {
      work.attempt_ends = now + work.attempt_timeout;
    } else if (now >= work.attempt_ends) {
      CutRound(work, CutForItsTime(work.attempt_timeout, watch_ != nullptr));
    }
  }
}

void PullLoop::CutRound(Work& work, Cut cut) {
  work.cut = std::move(cut);
  work.round->Cancel();
}

Instant PullLoop::NextAlarm(Instant now) {
  Instant next = run_.deadline();
  if (!no_space_ && !vigil_.is_away()) {
    next = std::min(next, pool_.NextChange(now));
  }
  next = std::min(next, vigil_.NextTurn());
  for (const size_t image : running_) {
    if (!work_[image].cut) next = std::min(next, work_[image].attempt_ends);
  }
  if (watch_ != nullptr) next = std::min(next, watch_->NextTurn());
  return next;
}

void PullLoop::ReadMail() {
  for (const Errand& errand : mailbox_->Take()) errand();
}

void PullLoop::OnRoundEnded(size_t image, const RoundEnd& end) {
  running_.erase(image);
  work_[image].round.reset();
  pool_.LetOthersIn(image, RepositoryOf(image));
  pool_.Release(RegistryOf(image));
  if (end.image_ref.ok()) {
    OnPulled(image, *end.image_ref);
  } else if (end.had_nothing_new) {
    pool_.gate(RegistryOf(image)).OnNoAnswer(work_[image].attempt_started);
    GiveUp(image);
  } else {
    OnFailure(image, end);
  }
}

void PullLoop::OnPulled(size_t image, const std::string& image_ref) {
  ImageOutcome& outcome = run_.images[image];
  pool_.gate(RegistryOf(image)).OnAnswer(work_[image].attempt_started);
  outcome.image_ref = Printable(image_ref, 512);
  outcome.reason = Reason::kNone;
  outcome.message.clear();
  outcome.took = context_.clock.Now() - *outcome.started_at;
  Forgive(image);
  dropper_.Acquit(image);
  run_.Move(outcome, ImageState::kPulled);
  if (watch_ == nullptr) {
    context_.observer.OnEnded(run_, outcome);
    return;
  }
  ++unsettled_;
  watch_->OnPulled(image, [this, &outcome] {
    --unsettled_;
    context_.observer.OnEnded(run_, outcome);
  });
}

void PullLoop::OnFailure(size_t image, const RoundEnd& end) {
  const AttemptFailure failure = FailureOf(end, work_[image].cut);
  run_.Move(run_.images[image], ImageState::kWaiting);
  if (!failure.run_ends) Enter(image, failure, end.credentials);
  // Without a lease the runtime has thrown away what it had.
  const bool must_drop = failure.what.bad_bytes && !lease_.lease_id().empty();
  ++unsettled_;
  const auto settle = [=, this, error = end.image_ref.status()](bool gained) {
    if (!must_drop) return Settle(image, failure, gained);
    dropper_.Drop(image, error,
                  watch_ ? watch_->DownloadsOf(image) : TouchedDownloads(),
                  [=, this] { Settle(image, failure, false); });
  };
  if (watch_ == nullptr) return settle(false);
  watch_->OnFailed(
      image, {.was_cut = failure.was_cut, .needs_blobs = must_drop}, settle);
}

// It is known what the attempt gained, and what was wrong of it is gone.
void PullLoop::Settle(size_t image, const AttemptFailure& failure,
                      bool gained_bytes) {
  --unsettled_;
  if (!failure.run_ends) Count(image, failure.what, gained_bytes);
}

// What everybody has to know of it at once, before its bytes are counted.
void PullLoop::Enter(size_t image, const AttemptFailure& failure,
                     const FoundCredentials& credentials) {
  ImageOutcome& outcome = run_.images[image];
  const ErrorClass& what = failure.what;
  outcome.reason = what.reason;
  outcome.message = failure.message;
  outcome.took = context_.clock.Now() - *outcome.started_at;
  // A cut round did not get to its last credential.
  if (what.retry == Retry::kNextCredential && !work_[image].cut) {
    work_[image].refused = credentials;
  }
  if (what.reason == Reason::kNotUsable) {
    run_.not_usable.insert(requests_[image].reference->Normalised());
  }
  TellGate(image, what);
  if (what.retry == Retry::kAwaitRuntime) vigil_.Lose();
  if (what.retry == Retry::kUncounted) lease_.Renew();
  if (what.retry == Retry::kStopRun) no_space_ = true;
}

void PullLoop::Count(size_t image, const ErrorClass& error, bool gained_bytes) {
  if (work_[image].has_pulled && (error.retry == Retry::kUncounted ||
                                  error.retry == Retry::kAwaitRuntime)) {
    --run_.images[image].attempts;
  }
  work_[image].history.Add(error, gained_bytes, context_.clock.Now());
  Retry(image, error);
}

void PullLoop::Retry(size_t image, const ErrorClass& error) {
  AttemptHistory& history = work_[image].history;
  // Refused credentials are looked at once more: a secret may be rotated. A
  // plugin may have new ones each time, which are no better.
  ErrorClass judged = error;
  const bool looks_again = error.retry == Retry::kNextCredential &&
                           context_.credentials != nullptr &&
                           history.refused < kMostRefusals;
  if (looks_again) judged.retry = Retry::kWholeBudget;
  const std::optional<absl::Duration> wanted =
      DelayBeforeNext(options_.retry, history, judged, context_.roll_dice());
  if (!wanted) return GiveUp(image);
  const Instant now = context_.clock.Now();
  const absl::Duration remaining = run_.deadline() - now;
  const std::optional<absl::Duration> delay =
      DelayWithin(remaining, *wanted, options_.retry, history);
  if (!delay) return Postpone(image, "no time for another try");
  const RegistryGate& gate = pool_.gate(RegistryOf(image));
  if (gate.StaysClosedUntil(run_.deadline())) return ShutOut(image);
  Queue(image, now + *delay);
  const Instant opens = gate.IsOpen(now) ? now : gate.NextChange(now);
  const Instant next = std::max(now + *delay, opens);
  run_.images[image].next_attempt_at = next;
  context_.observer.OnRetry(run_, run_.images[image], next - now);
}

void PullLoop::GiveUp(size_t image) { EndAs(ImageState::kFailed, image); }

// Leaves the image to the next run.
void PullLoop::Postpone(size_t image, absl::string_view why) {
  ImageOutcome& outcome = run_.images[image];
  absl::StrAppend(&outcome.message, outcome.message.empty() ? "" : "; ", why);
  if (outcome.started_at) {
    outcome.took = context_.clock.Now() - *outcome.started_at;
  }
  EndAs(ImageState::kStopped, image);
}

void PullLoop::ShutOut(size_t image) {
  const Instant now = context_.clock.Now();
  const Instant opens = pool_.gate(RegistryOf(image)).NextChange(now);
  run_.images[image].reason = Reason::kRateLimited;
  Postpone(image, absl::StrCat("no request to ", RegistryOf(image), " for ",
                               HumanDuration(opens - now),
                               ", until after the deadline"));
}

void PullLoop::EndAs(ImageState state, size_t image) {
  ImageOutcome& outcome = run_.images[image];
  outcome.next_attempt_at.reset();
  run_.Move(outcome, state);
  if (watch_ != nullptr) watch_->OnGivenUp(image);
  context_.observer.OnEnded(run_, outcome);
}

// Nothing unusable of it is on the node any more.
void PullLoop::Forgive(size_t image) {
  run_.not_usable.erase(requests_[image].reference->Normalised());
}

void PullLoop::TellGate(size_t image, const ErrorClass& error) {
  RegistryGate& gate = pool_.gate(RegistryOf(image));
  const Instant started = work_[image].attempt_started;
  // What was never asked for says nothing of its registry.
  if (!work_[image].has_pulled) return gate.OnNoAnswer(started);
  switch (error.retry) {
    case Retry::kLater:
      gate.OnRateLimit(context_.clock.Now(), started, error.retry_after,
                       context_.roll_dice());
      break;
    case Retry::kUncounted:
    case Retry::kAwaitRuntime:
    case Retry::kStopRun:
      gate.OnNoAnswer(started);
      break;
    default:
      gate.OnAnswer(started);
  }
}

void PullLoop::CancelAll() {
  for (const size_t image : running_) work_[image].round->Cancel();
  remover_.CancelAll();
}

void PullLoop::DrainFor(absl::Duration patience) {
  const Instant until = context_.clock.Now() + patience;
  if (watch_ != nullptr) watch_->SettleAll();
  while ((!running_.empty() || dropper_.is_busy()) &&
         context_.clock.Now() < until) {
    context_.clock.WaitUntil(until, mailbox_->wakeup());
    ReadMail();
    if (watch_ != nullptr) watch_->SettleAll();
  }
  for (const size_t image : running_) {
    run_.Move(run_.images[image], ImageState::kWaiting);
  }
  vigil_.Cancel();
}

}  // namespace prepull
