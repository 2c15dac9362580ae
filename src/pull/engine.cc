#include "prepull/pull/engine.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/redact.h"
#include "prepull/list/list_hash.h"
#include "prepull/node/node_listing.h"
#include "prepull/pin/pinner.h"
#include "prepull/pull/plan.h"
#include "src/pull/lease_keeper.h"
#include "src/pull/node_check.h"
#include "src/pull/platform_check.h"
#include "src/pull/pull_item.h"
#include "src/pull/pull_loop.h"

namespace prepull {
namespace {

// The last look of a run whose time is over: its status is due in two seconds.
constexpr absl::Duration kFinalListTimeout = absl::Milliseconds(700);
// How much later a run may end for the check of its images' platforms.
constexpr absl::Duration kPlatformTimeout = absl::Seconds(5);

// What becomes of the images that have not ended.
struct Ending {
  Reason reason;
  std::string message;
  // At the deadline an image's last failure says more than "deadline".
  bool keeps_last_reason = false;
};

Ending EndingOf(LoopEnd end, bool runtime_is_away) {
  if (end == LoopEnd::kNoSpace) {
    return {Reason::kNoSpace, "stopped: no space left on the node"};
  }
  if (end == LoopEnd::kStopRequested) {
    return {Reason::kInterrupted, "interrupted"};
  }
  if (runtime_is_away) {
    return {Reason::kRuntimeUnavailable, "the runtime does not respond", true};
  }
  return {Reason::kTimeout, "overall timeout exceeded", true};
}

// Ends every image that the loop has not ended.
void StopTheRest(const Ending& ending, const RunContext& context, Run& run) {
  const Instant now = context.clock.Now();
  for (ImageOutcome& image : run.images()) {
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

// What is told of an image before its first attempt.
ImageOutcome OutcomeOf(const ImageRequest& request) {
  if (!request.reference.ok()) {
    const absl::Status& why = request.reference.status();
    return {.image = request.image,
            .origin = request.origin,
            .state = ImageState::kFailed,
            .reason = ReasonWithoutReference(why),
            .message = std::string(why.message())};
  }
  const std::string& name = request.reference->text();
  return {.image = request.image,
          .origin = request.origin,
          .pulled_as = name == request.image ? "" : name};
}

// One for each image of `run`, which has taken `requests`.
std::vector<PullItem> MakeItems(const std::vector<ImageRequest>& requests,
                                Run& run) {
  std::vector<PullItem> items;
  items.reserve(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    items.emplace_back(requests[i], run.images()[i]);
  }
  return items;
}

class Fetch {
 public:
  Fetch(const std::vector<ImageRequest>& requests, const PullOptions& options,
        const RunContext& context, const std::stop_token& stop, Run& run)
      : requests_(requests),
        options_(options),
        context_(context),
        stop_(stop),
        run_(run),
        items_(MakeItems(requests, run)),
        check_(items_, options, context.observer, run),
        pinner_(ListHash(requests), context, stop, run) {}

  void Start() {
    const Instant asked_at = context_.clock.Now();
    const absl::StatusOr<Inventory> inventory =
        GetInventory(context_, stop_, run_);
    if (!inventory.ok()) {
      EndWithoutInventory(inventory.status(), asked_at);
      return;
    }
    LeaseKeeper lease(context_, requests_, run_);
    ApplyPlan(*inventory, lease);
    PullLoop loop(
        {.context = context_,
         .options = options_,
         .lease = lease,
         .space = {.free_bytes = context_.free_bytes,
                   .stored_bytes = KnowsLayers() ? 0 : inventory->TotalBytes()},
         .sees_downloads = sees_downloads_,
         .stop = stop_},
        items_, run_);
    const LoopEnd end = loop.Pull();
    does_not_fit_ = loop.does_not_fit();
    const Instant pulled_at = context_.clock.Now();
    StopTheRest(EndingOf(end, loop.runtime_is_away()), context_, run_);
    const absl::Status verified = Verify(end);
    if (end == LoopEnd::kAllEnded) LookAtPlatforms();
    // A runtime that has not ended our calls would not answer more of them.
    if (WantsPins() && !loop.left_calls_behind()) {
      const Instant soon = pulled_at + kPinStopTimeout;
      Pin(end == LoopEnd::kAllEnded ? std::max(run_.deadline(), soon) : soon);
    }
    const bool is_gone = loop.runtime_is_away() && end == LoopEnd::kDeadline;
    End(end, is_gone ? absl::UnavailableError(
                           "the runtime went away and did not come back")
                     : verified);
    if (!loop.left_calls_behind()) lease.End(FateOfLease(end, loop), stop_);
  }

 private:
  // Whether all that the node has is counted as such.
  bool KnowsLayers() const {
    return context_.committed_layers != nullptr &&
           context_.committed_layers->Now()->is_complete;
  }

  // Keeps only what a later run can continue.
  LeaseFate FateOfLease(LoopEnd end, const PullLoop& loop) const {
    if (run_.counts().present() == run_.total()) return LeaseFate::kDeleteAll;
    if (run_.exit_code() == ExitCode::kImagesFailed || run_.tolerated() ||
        loop.left_wrong_bytes()) {
      return LeaseFate::kDelete;
    }
    return end == LoopEnd::kNoSpace ? LeaseFate::kCollect : LeaseFate::kKeep;
  }

  void ApplyPlan(const Inventory& inventory, LeaseKeeper& lease) {
    const std::vector<PlannedPull> plan =
        MakePlan(requests_, inventory, options_, run_.not_usable());
    for (size_t i = 0; i < plan.size(); ++i) {
      PullItem& item = items_[i];
      if (plan[i].action == PlannedPull::Action::kSkip) {
        run_.Move(item.outcome, ImageState::kSkipped);
      } else if (plan[i].action == PlannedPull::Action::kReplace) {
        item.replaces = inventory.Find(item.reference())->id;
      }
    }
    check_.UpdateSizes(inventory);
    if (run_.counts().waiting > 0) {
      lease.Begin(stop_);
    } else {
      run_.UpdateBytes({.done = 0, .total = 0});
    }
    EnterFeatures(lease);
    if (WantsPins()) pinner_.Begin();
    run_.BeginPulling();
    context_.observer.OnPlanned(run_);
    TellFinal();
  }

  void EnterFeatures(const LeaseKeeper& lease) {
    RuntimeFeatures& features = run_.features();
    if (!lease.lease_id().empty()) {
      features.resume = Resume::kAlways;
    } else if (options_.resumes_within_pull) {
      features.resume = Resume::kWithinPull;
    }
    const bool looks = options_.stall_timeout > absl::ZeroDuration();
    features.connections = looks && context_.connections != nullptr;
    // Without a lease a cut would lose bytes, so nothing is cut for a stall.
    sees_downloads_ = looks && features.resume == Resume::kAlways &&
                      context_.runtime.downloads() != nullptr;
    features.byte_progress = sees_downloads_ || features.connections;
  }

  bool WantsPins() const {
    return options_.pin || std::any_of(requests_.begin(), requests_.end(),
                                       [](const ImageRequest& request) {
                                         return request.options.pin;
                                       });
  }

  void TellFinal() {
    for (const ImageOutcome& image : run_.images()) {
      if (IsFinal(image.state)) context_.observer.OnEnded(run_, image);
    }
  }

  // Asks the node once more, so that the report is about the node and not
  // about our memory. A runtime that was given little time and did not use it
  // changes nothing: then the answers to the pulls count. Errors: the runtime
  // cannot be asked.
  absl::Status Verify(LoopEnd end) {
    const Instant asked_at = context_.clock.Now();
    absl::StatusOr<Inventory> node = absl::CancelledError("interrupted");
    if (end == LoopEnd::kAllEnded) {
      // The last pull may have ended just before the deadline.
      node = ListNodeUntil(
          context_, stop_, run_,
          std::max(run_.deadline(), asked_at + kFinalListTimeout));
    }
    const bool is_short_of_time =
        end != LoopEnd::kAllEnded || stop_.stop_requested();
    if (!node.ok() && is_short_of_time) {
      node = ListNode(context_, std::stop_token(), run_, kFinalListTimeout);
    }
    if (!node.ok()) {
      if (!is_short_of_time && !WasShortOfTime(node.status(), asked_at)) {
        return node.status();
      }
      Log(LogLevel::kWarn, "images of the node not verified",
          {{"error", ReportedMessage(node.status())}});
      return absl::OkStatus();
    }
    node_ = *std::move(node);
    check_.UpdateSizes(*node_);
    check_.Compare(*node_);
    return absl::OkStatus();
  }

  // Whether the time was too short to tell a slow runtime from a dead one.
  bool WasShortOfTime(const absl::Status& error, Instant asked_at) const {
    return absl::IsDeadlineExceeded(error) &&
           context_.clock.Now() - asked_at < kInventoryTimeout;
  }

  void LookAtPlatforms() {
    if (!node_) return;
    ImagesById pulled;
    for (const PullItem& item : items_) {
      if (item.outcome.state != ImageState::kPulled) continue;
      const StoredImage* stored = NodeCheck::Find(*node_, item);
      if (stored != nullptr) pulled[stored->id].push_back(&item.outcome);
    }
    const Instant until = context_.clock.Now() + kPlatformTimeout;
    CheckPlatforms(pulled, context_, stop_, std::min(until, run_.deadline()),
                   run_);
  }

  // Pins what is on the node, pulled or there before, now that no pull of ours
  // will write its records anew.
  void Pin(Instant until) {
    if (!node_) return;
    std::vector<Pinner::Image> present;
    for (const PullItem& item : items_) {
      const ImageState state = item.outcome.state;
      if (state != ImageState::kPulled && state != ImageState::kSkipped) {
        continue;
      }
      if (!options_.pin && !item.request.options.pin) continue;
      const StoredImage* stored = NodeCheck::Find(*node_, item);
      if (stored == nullptr) continue;
      present.push_back({&item.reference(), stored});
    }
    const std::optional<Inventory> pinned = pinner_.Pin(present, until);
    if (pinned) check_.UpdateSizes(*pinned);
  }

  // `runtime`: OK, or why it cannot be reached.
  void End(LoopEnd end, const absl::Status& runtime) {
    std::vector<RunEnd> ends = WhatHolds(end);
    if (!runtime.ok()) ends.push_back(NoRuntime(ReportedMessage(runtime)));
    if (!ends.empty()) {
      return Finish(*std::min_element(ends.begin(), ends.end(),
                                      [](const RunEnd& a, const RunEnd& b) {
                                        return Precedes(a.code, b.code);
                                      }));
    }
    const bool all_there = run_.counts().present() == run_.total();
    Finish({.code = ExitCode::kOk,
            .phase = Phase::kSucceeded,
            .tolerated = !all_there});
  }

  // Each failure of the run, as the end that it would be.
  std::vector<RunEnd> WhatHolds(LoopEnd end) const {
    std::vector<RunEnd> ends;
    if (end == LoopEnd::kNoSpace) {
      ends.push_back({ExitCode::kNodeNotFit, Phase::kFailed, Reason::kNoSpace,
                      NoSpaceMessage()});
    }
    if (run_.counts().stopped > 0) {
      ends.push_back({ExitCode::kStopped, end == LoopEnd::kStopRequested
                                              ? Phase::kInterrupted
                                              : Phase::kTimedOut});
    }
    if (run_.counts().failed > options_.tolerance.Of(run_.total())) {
      ends.push_back({ExitCode::kImagesFailed, Phase::kFailed});
    }
    return ends;
  }

  std::string NoSpaceMessage() const {
    if (!does_not_fit_.empty()) return does_not_fit_;
    for (const ImageOutcome& image : run_.images()) {
      if (image.reason == Reason::kNoSpace &&
          image.state == ImageState::kFailed) {
        return absl::StrCat("pull ", image.image, ": ", image.message);
      }
    }
    return "no space left on the node";
  }

  void EndWithoutInventory(const absl::Status& why, Instant asked_at) {
    const LoopEnd end =
        stop_.stop_requested() ? LoopEnd::kStopRequested : LoopEnd::kDeadline;
    const bool was_short = WasShortOfTime(why, asked_at);
    TellFinal();
    StopTheRest(EndingOf(end, /*runtime_is_away=*/!was_short), context_, run_);
    if (end == LoopEnd::kStopRequested) {
      Finish({ExitCode::kStopped, Phase::kInterrupted});
    } else if (was_short) {
      Finish({ExitCode::kStopped, Phase::kTimedOut});
    } else {
      Finish(NoRuntime(ReportedMessage(why)));
    }
  }

  RunEnd NoRuntime(const std::string& message) const {
    return {ExitCode::kNoRuntime, Phase::kFailed, Reason::kRuntimeUnavailable,
            absl::StrCat(run_.runtime().socket, ": ", message)};
  }

  void Finish(const RunEnd& end) {
    run_.End(end, context_.clock.WallNow());
    context_.observer.OnRunEnded(run_);
  }

  const std::vector<ImageRequest>& requests_;
  const PullOptions& options_;
  const RunContext& context_;
  const std::stop_token& stop_;
  Run& run_;
  std::vector<PullItem> items_;
  NodeCheck check_;
  Pinner pinner_;
  bool sees_downloads_ = false;    // the runtime shows how far each is
  std::optional<Inventory> node_;  // as Verify saw it
  std::string does_not_fit_;       // of the loop
};

}  // namespace

void EnterList(const std::vector<ImageRequest>& requests, Run& run) {
  std::vector<ImageOutcome> images;
  images.reserve(requests.size());
  for (const ImageRequest& request : requests) {
    images.push_back(OutcomeOf(request));
  }
  run.EnterList(std::move(images), ListHash(requests));
}

void FreeDownloads(const std::vector<ImageRequest>& requests,
                   const RunContext& context, const std::stop_token& stop,
                   const Run& run) {
  RunObserver silent;
  const RunContext unobserved = {.runtime = context.runtime,
                                 .clock = context.clock,
                                 .roll_dice = context.roll_dice,
                                 .observer = silent};
  LeaseKeeper(unobserved, requests, run).End(LeaseFate::kCollect, stop);
}

void FetchImages(const std::vector<ImageRequest>& requests,
                 const PullOptions& options, const RunContext& context,
                 const std::stop_token& stop, Run& run) {
  Fetch(requests, options, context, stop, run).Start();
}

}  // namespace prepull
