#include "prepull/pull/engine.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/mailbox.h"
#include "prepull/base/text.h"
#include "prepull/pull/plan.h"
#include "src/pull/error_class.h"
#include "src/pull/lease_keeper.h"
#include "src/pull/node_check.h"
#include "src/pull/pinner.h"
#include "src/pull/pull_loop.h"

namespace prepull {
namespace {

// One ListImages; a busy node with 10,000 images needs a few seconds.
constexpr absl::Duration kInventoryTimeout = absl::Seconds(30);
// Between two questions to a runtime that answers with errors.
constexpr absl::Duration kInventoryPause = absl::Seconds(1);
// The last look of a run that was stopped: its status is due in two seconds.
constexpr absl::Duration kHastyListTimeout = absl::Milliseconds(700);

// Whether the runtime may come to answer if it is given time.
bool MayPass(const absl::Status& error) {
  return error.code() == absl::StatusCode::kUnavailable ||
         error.code() == absl::StatusCode::kDeadlineExceeded ||
         error.code() == absl::StatusCode::kAborted ||
         absl::StrContains(error.message(), "not initialized yet");
}

// Waits until the runtime answers again, and a moment more, so that one that
// answers with errors is not asked in a tight loop.
void AwaitRuntime(const EngineContext& context, const std::stop_token& stop,
                  const Run& run) {
  auto answered = std::make_shared<Mailbox<absl::Status>>();
  std::stop_callback wake(stop, [answered] { answered->wakeup().Notify(); });
  const std::unique_ptr<RunningCall> call = context.runtime.AwaitAnswer(
      [answered](const absl::Status& status) { answered->Post(status); });
  Instant until = run.deadline();
  while (!stop.stop_requested() && context.clock.Now() < until) {
    if (!answered->Take().empty()) {
      until = std::min(until, context.clock.Now() + kInventoryPause);
    }
    const Instant alarm = context.observer.OnTurn(run, context.clock.Now());
    context.clock.WaitUntil(std::min(until, alarm), answered->wakeup());
  }
  call->Cancel();
}

// What becomes of the images that did not reach an end of their own.
struct Ending {
  Reason reason;
  std::string message;
  // At the deadline an image's last failure says more than "deadline".
  bool keeps_last_reason = false;
};

Ending EndingOf(LoopEnd end, bool runtime_is_away) {
  if (end == LoopEnd::kNoSpace) {
    return {Reason::kNoSpace, "stopped because the node has no space left"};
  }
  if (end == LoopEnd::kStopRequested) {
    return {Reason::kInterrupted, "interrupted"};
  }
  if (runtime_is_away) {
    return {Reason::kRuntimeUnavailable, "the runtime does not answer", true};
  }
  return {Reason::kTimeout, "the overall deadline has passed", true};
}

// Ends every image that the loop left without an end.
void StopTheRest(const Ending& ending, const EngineContext& context, Run& run) {
  const Instant now = context.clock.Now();
  for (ImageOutcome& image : run.images) {
    if (IsFinal(image.state)) continue;
    if (!ending.keeps_last_reason || image.reason == Reason::kNone) {
      image.reason = ending.reason;
    }
    if (image.message.empty()) image.message = ending.message;
    if (image.started_at) image.took = now - *image.started_at;
    run.Move(image, ImageState::kStopped);
    context.observer.OnEnded(run, image);
  }
}

class Fetch {
 public:
  Fetch(const std::vector<ImageRequest>& requests, const PullOptions& options,
        const EngineContext& context, const std::stop_token& stop, Run& run)
      : requests_(requests),
        options_(options),
        context_(context),
        stop_(stop),
        run_(run),
        check_(requests, options, context.observer, run),
        pinner_(requests, context, stop, run) {}

  void Start() {
    const absl::StatusOr<Inventory> inventory =
        TakeInventory(context_, stop_, run_);
    if (!inventory.ok()) {
      EndWithoutInventory(inventory.status());
      return;
    }
    LeaseKeeper lease(context_, requests_, run_);
    ApplyPlan(*inventory, lease);
    PullLoop loop(requests_, replaces_, options_, context_, lease, stop_, run_);
    const LoopEnd end = loop.Pull();
    const Instant pulled_at = context_.clock.Now();
    StopTheRest(EndingOf(end, loop.runtime_is_away()), context_, run_);
    const absl::Status verified = Verify(end);
    // A runtime that has not ended our calls would not answer more of them.
    if (WantsPins() && !loop.left_calls_behind()) {
      const Instant soon = pulled_at + kPinHaste;
      Pin(end == LoopEnd::kAllEnded ? std::max(run_.deadline(), soon) : soon);
    }
    if (loop.runtime_is_away() && end == LoopEnd::kDeadline) {
      EndWithoutRuntime("the runtime went away and did not come back");
    } else if (!verified.ok() && end == LoopEnd::kAllEnded) {
      EndUnverified(verified);
    } else {
      End(end);
    }
    if (!loop.left_calls_behind()) lease.End(FateOfLease(end), stop_);
  }

 private:
  // What nobody will continue is not kept.
  LeaseFate FateOfLease(LoopEnd end) const {
    if (run_.counts.present() == run_.total()) return LeaseFate::kDeleteAll;
    if (run_.exit_code == ExitCode::kImagesFailed || run_.tolerated) {
      return LeaseFate::kDelete;
    }
    return end == LoopEnd::kNoSpace ? LeaseFate::kCollect : LeaseFate::kKeep;
  }

  void ApplyPlan(const Inventory& inventory, LeaseKeeper& lease) {
    const std::vector<PlannedPull> plan =
        MakePlan(requests_, inventory, options_, run_.not_usable);
    run_.phase = Phase::kPulling;
    for (size_t i = 0; i < plan.size(); ++i) {
      ImageOutcome& image = run_.images[i];
      if (plan[i].action == PlannedPull::Action::kSkip) {
        run_.Move(image, ImageState::kSkipped);
      } else if (plan[i].action == PlannedPull::Action::kReplace) {
        replaces_[i] = inventory.Find(*requests_[i].reference)->id;
      }
    }
    check_.TakeSizes(inventory);
    if (run_.counts.waiting > 0) {
      lease.Begin(stop_);
    } else {
      run_.bytes.total = 0;
    }
    // Without a lease a cut would lose bytes, so nothing is cut for a stall.
    run_.runtime.features.resume = !lease.lease_id().empty();
    run_.runtime.features.byte_progress =
        run_.runtime.features.resume &&
        options_.stall_timeout > absl::ZeroDuration();
    if (WantsPins()) pinner_.Begin();
    context_.observer.OnPlanned(run_);
    TellFinal();
  }

  bool WantsPins() const {
    return options_.pin || std::any_of(requests_.begin(), requests_.end(),
                                       [](const ImageRequest& request) {
                                         return request.options.pin;
                                       });
  }

  void TellFinal() {
    for (const ImageOutcome& image : run_.images) {
      if (IsFinal(image.state)) context_.observer.OnEnded(run_, image);
    }
  }

  // Asks the node once more, so that the report is about the node and not
  // about our memory.
  absl::Status Verify(LoopEnd end) {
    absl::StatusOr<Inventory> inventory =
        end == LoopEnd::kAllEnded ? TakeInventory(context_, stop_, run_)
                                  : TakeHastyInventory();
    if (!inventory.ok()) return inventory.status();
    node_ = *std::move(inventory);
    check_.TakeSizes(*node_);
    check_.Compare(*node_);
    return absl::OkStatus();
  }

  // Pins what is on the node, pulled or there before, now that no pull of ours
  // will write its records anew.
  void Pin(Instant until) {
    if (!node_) return;
    std::vector<Pinner::Image> present;
    for (size_t i = 0; i < run_.images.size(); ++i) {
      const ImageState state = run_.images[i].state;
      if (state != ImageState::kPulled && state != ImageState::kSkipped) {
        continue;
      }
      if (!options_.pin && !requests_[i].options.pin) continue;
      const StoredImage* stored = check_.Find(*node_, i);
      if (stored == nullptr) continue;
      present.push_back({&*requests_[i].reference, stored});
    }
    const std::optional<Inventory> pinned = pinner_.Pin(present, until);
    if (pinned) check_.TakeSizes(*pinned);
  }

  absl::StatusOr<Inventory> TakeHastyInventory() {
    absl::StatusOr<std::vector<StoredImage>> images =
        context_.runtime.ListImages(kHastyListTimeout, std::stop_token());
    if (!images.ok()) {
      Log(LogLevel::kWarn, "the node was not asked again what it holds",
          {{"error", ReportedMessage(images.status())}});
      return images.status();
    }
    return Inventory(*std::move(images));
  }

  void End(LoopEnd end) {
    const bool all_there = run_.counts.present() == run_.total();
    if (end == LoopEnd::kNoSpace) {
      run_.reason = Reason::kNoSpace;
      run_.message = NoSpaceMessage();
      Finish(ExitCode::kNodeNotFit, Phase::kFailed);
    } else if (all_there) {
      Finish(ExitCode::kOk, Phase::kSucceeded);
    } else if (run_.counts.stopped > 0) {
      Finish(ExitCode::kStopped, end == LoopEnd::kStopRequested
                                     ? Phase::kInterrupted
                                     : Phase::kTimedOut);
    } else if (run_.counts.failed <= options_.tolerance.Of(run_.total())) {
      run_.tolerated = true;
      Finish(ExitCode::kOk, Phase::kSucceeded);
    } else {
      Finish(ExitCode::kImagesFailed, Phase::kFailed);
    }
  }

  std::string NoSpaceMessage() const {
    for (const ImageOutcome& image : run_.images) {
      if (image.reason == Reason::kNoSpace &&
          image.state == ImageState::kFailed) {
        return absl::StrCat("pull ", image.image, ": ", image.message);
      }
    }
    return "no space left on the node";
  }

  void EndWithoutInventory(const absl::Status& why) {
    const bool stopped = stop_.stop_requested();
    TellFinal();
    StopTheRest(EndingOf(stopped ? LoopEnd::kStopRequested : LoopEnd::kDeadline,
                         /*runtime_is_away=*/true),
                context_, run_);
    if (stopped) {
      Finish(ExitCode::kStopped, Phase::kInterrupted);
    } else {
      EndWithoutRuntime(ReportedMessage(why));
    }
  }

  // All pulls ended, but nobody could say what the node holds.
  void EndUnverified(const absl::Status& why) {
    if (stop_.stop_requested()) {
      Finish(ExitCode::kStopped, Phase::kInterrupted);
    } else {
      EndWithoutRuntime(ReportedMessage(why));
    }
  }

  void EndWithoutRuntime(const std::string& message) {
    run_.reason = Reason::kRuntimeUnavailable;
    run_.message = absl::StrCat(run_.runtime.socket, ": ", message);
    Finish(ExitCode::kNoRuntime, Phase::kFailed);
  }

  void Finish(ExitCode code, Phase phase) {
    run_.End(code, phase, context_.clock.WallNow());
  }

  const std::vector<ImageRequest>& requests_;
  const PullOptions& options_;
  const EngineContext& context_;
  const std::stop_token& stop_;
  Run& run_;
  NodeCheck check_;
  std::map<size_t, std::string> replaces_;  // images with the id to remove
  Pinner pinner_;
  std::optional<Inventory> node_;  // as Verify saw it
};

}  // namespace

absl::StatusOr<Inventory> TakeInventory(const EngineContext& context,
                                        const std::stop_token& stop,
                                        const Run& run) {
  while (true) {
    const absl::Duration remaining = run.deadline() - context.clock.Now();
    absl::StatusOr<std::vector<StoredImage>> images =
        context.runtime.ListImages(std::min(kInventoryTimeout, remaining),
                                   stop);
    if (images.ok()) return Inventory(*std::move(images));
    if (stop.stop_requested()) return absl::CancelledError("interrupted");
    const absl::Status why(
        images.status().code(),
        absl::StrCat("list images: ", ReportedMessage(images.status())));
    if (!MayPass(images.status())) return why;
    Log(LogLevel::kWarn, "runtime does not list its images, waiting for it",
        {{"error", ReportedMessage(images.status())}});
    AwaitRuntime(context, stop, run);
    if (context.clock.Now() >= run.deadline()) return why;
  }
}

namespace {

// Why a request has no reference: its line is wrong, or it stands for a source
// that could not be had.
Reason ReasonWithoutReference(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return Reason::kNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return Reason::kUnauthorized;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return Reason::kRegistryUnavailable;
    case absl::StatusCode::kInvalidArgument:
      return Reason::kInvalidReference;
    default:
      return Reason::kUnknown;
  }
}

}  // namespace

void TakeList(const std::vector<ImageRequest>& requests, Run& run) {
  run.images.reserve(requests.size());
  for (const ImageRequest& request : requests) {
    run.images.push_back({.image = request.image, .origin = request.origin});
    ++run.counts.waiting;
    if (request.reference.ok()) {
      const std::string& name = request.reference->text();
      if (name != request.image) run.images.back().pulled_as = name;
      continue;
    }
    ImageOutcome& image = run.images.back();
    image.reason = ReasonWithoutReference(request.reference.status());
    image.message = std::string(request.reference.status().message());
    run.Move(image, ImageState::kFailed);
  }
  run.list_known = true;
}

void FetchImages(const std::vector<ImageRequest>& requests,
                 const PullOptions& options, const EngineContext& context,
                 const std::stop_token& stop, Run& run) {
  Fetch(requests, options, context, stop, run).Start();
}

}  // namespace prepull
