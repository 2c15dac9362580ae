#include "prepull/node/node_listing.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/mailbox.h"
#include "prepull/base/redact.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

// Between two questions to a runtime that answers with errors.
constexpr absl::Duration kInventoryPause = absl::Seconds(1);

// Whether the runtime may come to answer if it is given time.
bool MayPass(const absl::Status& error) {
  return error.code() == absl::StatusCode::kUnavailable ||
         error.code() == absl::StatusCode::kDeadlineExceeded ||
         error.code() == absl::StatusCode::kAborted ||
         absl::StrContains(error.message(), "not initialized yet");
}

// Waits until the runtime answers again, and a moment more, so that a runtime
// which answers with errors is not asked in a tight loop.
void AwaitRuntime(const RunContext& context, const std::stop_token& stop,
                  const Run& run, Instant until) {
  auto answered = std::make_shared<Mailbox<absl::Status>>();
  std::stop_callback wake(stop, [answered] { answered->wakeup().Notify(); });
  const std::unique_ptr<RunningCall> call = context.runtime.AwaitAnswer(
      [answered](const absl::Status& status) { answered->Post(status); });
  while (!stop.stop_requested() && context.clock.Now() < until) {
    if (!answered->Take().empty()) {
      until = std::min(until, context.clock.Now() + kInventoryPause);
    }
    const Instant alarm = context.observer.OnTurn(run, context.clock.Now());
    context.clock.WaitUntil(std::min(until, alarm), answered->wakeup());
  }
  call->Cancel();
}

}  // namespace

absl::StatusOr<Inventory> ListNode(const RunContext& context,
                                   const std::stop_token& stop, const Run& run,
                                   absl::Duration timeout) {
  using Listed = absl::StatusOr<std::vector<StoredImage>>;
  if (timeout <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError("no time left");
  }
  auto answer = std::make_shared<Mailbox<Listed>>();
  std::stop_callback wake(stop, [answer] { answer->wakeup().Notify(); });
  const std::unique_ptr<RunningCall> call = context.runtime.ListImages(
      [answer](Listed listed) { answer->Post(std::move(listed)); });
  const Instant until = context.clock.Now() + timeout;
  while (true) {
    std::vector<Listed> came = answer->Take();
    if (!came.empty()) {
      if (!came.front().ok()) return came.front().status();
      return Inventory(*std::move(came.front()));
    }
    const Instant now = context.clock.Now();
    if (stop.stop_requested() || now >= until) break;
    const Instant alarm = context.observer.OnTurn(run, now);
    context.clock.WaitUntil(std::min(until, alarm), answer->wakeup());
  }
  call->Cancel();
  if (stop.stop_requested()) return absl::CancelledError("interrupted");
  return absl::DeadlineExceededError(
      absl::StrCat("no answer within ", HumanDuration(timeout)));
}

absl::StatusOr<Inventory> ListNodeUntil(const RunContext& context,
                                        const std::stop_token& stop,
                                        const Run& run, Instant until) {
  while (true) {
    const absl::Duration remaining = until - context.clock.Now();
    absl::StatusOr<Inventory> node =
        ListNode(context, stop, run, std::min(kInventoryTimeout, remaining));
    if (node.ok()) return node;
    if (stop.stop_requested()) return absl::CancelledError("interrupted");
    const absl::Status why(
        node.status().code(),
        absl::StrCat("list images: ", ReportedMessage(node.status())));
    if (!MayPass(node.status())) return why;
    Log(LogLevel::kWarn, "cannot list images, waiting for the runtime",
        {{"error", ReportedMessage(node.status())}});
    AwaitRuntime(context, stop, run, until);
    if (context.clock.Now() >= until) return why;
  }
}

absl::StatusOr<Inventory> GetInventory(const RunContext& context,
                                       const std::stop_token& stop,
                                       const Run& run) {
  return ListNodeUntil(context, stop, run, run.deadline());
}

}  // namespace prepull
