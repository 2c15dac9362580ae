// Gets a list of images onto the node, whatever it takes, until the deadline.
//
// One thread: it asks the node what it holds, plans, keeps the pool full,
// sleeps until something is due, and in the end looks at the node again. All
// waits end at once on stop. Every rule of retrying, timeouts and gates is a
// pure class beside this one.
#ifndef PREPULL_PULL_ENGINE_H_
#define PREPULL_PULL_ENGINE_H_

#include <stop_token>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/random.h"
#include "prepull/image/image_request.h"
#include "prepull/pull/inventory.h"
#include "prepull/pull/pull_options.h"
#include "prepull/pull/run.h"
#include "prepull/pull/run_observer.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

// What an engine touches; all must outlive it.
struct EngineContext {
  ContainerRuntime& runtime;
  Clock& clock;
  RollDice roll_dice;
  RunObserver& observer;
  CredentialFinder* credentials = nullptr;  // null: every pull is anonymous
};

// Enters `requests`, which are unique, into `run`: each is Waiting, and what
// is malformed has Failed already.
void TakeList(const std::vector<ImageRequest>& requests, Run& run);

// Pulls what `run` is waiting for and fills it in up to its exit code. It has
// taken `requests`; `run.start` and `run.overall_timeout` are set.
void FetchImages(const std::vector<ImageRequest>& requests,
                 const PullOptions& options, const EngineContext& context,
                 const std::stop_token& stop, Run& run);

// For a run that ends for lack of space before its first pull: frees what
// earlier runs of this list keep and nobody will continue. Takes two minutes at
// most, a moment after a stop; calls no observer.
void FreeDownloads(const std::vector<ImageRequest>& requests,
                   const EngineContext& context, const std::stop_token& stop,
                   const Run& run);

// Asks the node what it holds, as FetchImages does at its start: waits for a
// runtime that is restarting. Errors: UNAVAILABLE  not by the run's deadline;
// CANCELLED  `stop` was requested; others as the runtime says.
absl::StatusOr<Inventory> TakeInventory(const EngineContext& context,
                                        const std::stop_token& stop,
                                        const Run& run);

}  // namespace prepull

#endif  // PREPULL_PULL_ENGINE_H_
