// What a run touches of the world, and how it waits for the runtime.
#ifndef PREPULL_NODE_RUN_CONTEXT_H_
#define PREPULL_NODE_RUN_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/mailbox.h"
#include "prepull/base/random.h"
#include "prepull/registry/manifest_reader.h"
#include "prepull/run/run_observer.h"
#include "prepull/runtime/committed_layers.h"
#include "prepull/runtime/connections.h"
#include "prepull/runtime/container_runtime.h"
#include "prepull/runtime/pull_folders.h"

namespace prepull {

// All of it outlives the run.
struct RunContext {
  ContainerRuntime& runtime;
  Clock& clock;
  RollDice roll_dice;
  RunObserver& observer;
  CredentialFinder* credentials = nullptr;  // null: every pull is anonymous
  // Null: no manifest is read ahead of its pull.
  ManifestReader* manifests = nullptr;
  // Null: what is under way is not to be seen.
  PullFolders* pull_folders = nullptr;
  // Null: the connections of the runtime cannot be seen.
  Connections* connections = nullptr;
  // Null: which layers the node has is not to be seen.
  CommittedLayers* committed_layers = nullptr;
  // Of the disk for images, when the run began.
  std::optional<int64_t> free_bytes = std::nullopt;
};

// Waits on the engine's thread for one call of the runtime, while the observers
// of the run go on turning.
//
// Returns what the call that `start` starts hands to its callback: a Status or
// a StatusOr. `stop` cancels it. The call has a timeout, so this ends.
template <typename Answer, typename Start>
Answer AwaitCall(const RunContext& context, const Run& run,
                 const std::stop_token& stop, Start start) {
  auto answers = std::make_shared<Mailbox<Answer>>();
  std::stop_callback wake(stop, [answers] { answers->wakeup().Notify(); });
  const std::unique_ptr<RunningCall> call =
      start([answers](Answer answer) { answers->Post(std::move(answer)); });
  bool is_cancelled = false;
  while (true) {
    std::vector<Answer> answer = answers->Take();
    if (!answer.empty()) return std::move(answer.front());
    if (stop.stop_requested() && !std::exchange(is_cancelled, true)) {
      call->Cancel();
    }
    const Instant alarm = context.observer.OnTurn(run, context.clock.Now());
    context.clock.WaitUntil(alarm, answers->wakeup());
  }
}

}  // namespace prepull

#endif  // PREPULL_NODE_RUN_CONTEXT_H_
