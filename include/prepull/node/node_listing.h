// Asks the node what it holds, from the engine's thread: the observers of the
// run have their turns meanwhile, however long the runtime takes.
//
// Not thread-safe.
#ifndef PREPULL_NODE_NODE_LISTING_H_
#define PREPULL_NODE_NODE_LISTING_H_

#include <stop_token>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/node/inventory.h"
#include "prepull/node/run_context.h"
#include "prepull/run/run.h"

namespace prepull {

// How long one ListImages may take; a busy node with 10,000 images needs a few
// seconds. A runtime that does not answer within it is taken for dead.
inline constexpr absl::Duration kInventoryTimeout = absl::Seconds(30);

// Asks once. Errors: DEADLINE_EXCEEDED  no answer within `timeout`; CANCELLED
// `stop` was requested; others as the runtime says.
absl::StatusOr<Inventory> ListNode(const RunContext& context,
                                   const std::stop_token& stop, const Run& run,
                                   absl::Duration timeout);

// Asks until the node answers, and waits for a runtime that is restarting.
// Errors: UNAVAILABLE, DEADLINE_EXCEEDED  no answer before `until`; CANCELLED
// `stop` was requested; others as the runtime says.
absl::StatusOr<Inventory> ListNodeUntil(const RunContext& context,
                                        const std::stop_token& stop,
                                        const Run& run, Instant until);

// ListNodeUntil the run's deadline. Errors: UNAVAILABLE  not by the run's
// deadline; CANCELLED  `stop` was requested; others as the runtime says.
absl::StatusOr<Inventory> GetInventory(const RunContext& context,
                                       const std::stop_token& stop,
                                       const Run& run);

}  // namespace prepull

#endif  // PREPULL_NODE_NODE_LISTING_H_
