// An image of a run on its way to the node: what was asked for, what is
// reported of it, and how its attempts stand. Open data of the engine's thread.
#ifndef PREPULL_SRC_PULL_PULL_ITEM_H_
#define PREPULL_SRC_PULL_PULL_ITEM_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/list/image_request.h"
#include "prepull/run/run.h"
#include "src/pull/attempt_failure.h"
#include "src/pull/pull_round.h"
#include "src/pull/retry_policy.h"

namespace prepull {

// The attempt that runs, or the last one.
struct Attempt {
  std::unique_ptr<PullRound> round = nullptr;  // null: none runs
  bool has_pulled = false;                     // the runtime was asked
  bool is_downloaded = false;                  // only unpacks
  Instant started = {};                        // the last call
  absl::Duration timeout = absl::ZeroDuration();
  Instant ends = Instant::Never();        // unless progress is seen
  std::optional<Cut> cut = std::nullopt;  // why we ended it
};

struct PullItem {
  PullItem(const ImageRequest& item_request, ImageOutcome& item_outcome)
      : request(item_request), outcome(item_outcome) {}

  const ImageRequest& request;
  ImageOutcome& outcome;
  // The runtime's id of the image to remove first; empty = none.
  std::string replaces = "";
  // What its next attempt has to download; 0 = unknown.
  int64_t missing_bytes = 0;
  AttemptHistory history = {};
  Attempt attempt = {};
  // What was refused last: not tried again before it changes.
  std::optional<FoundCredentials> refused = std::nullopt;

  // Only of a request that is well-formed.
  const Reference& reference() const { return *request.reference; }
  const std::string& registry() const { return reference().registry(); }
  const std::string& repository() const { return reference().repository(); }
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_PULL_ITEM_H_
