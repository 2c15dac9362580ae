// What a failed attempt means: the reason people read, and what to do next.
//
// Runtimes report most failures of a registry as UNKNOWN with prose, so the
// words decide before the code does. First match wins; each row of the table
// has its test row with the place it was seen. Pure.
// Source: the error texts of containerd 1.6 to 2.1 and CRI-O 1.19 to 1.37.
#ifndef PREPULL_SRC_PULL_ERROR_CLASS_H_
#define PREPULL_SRC_PULL_ERROR_CLASS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prepull/run/reason.h"

namespace prepull {

enum class Retry {
  kNever,           // permanent: one attempt was enough
  kNextCredential,  // these credentials were refused
  kAtOnce,          // a cut that lost nothing: straight back into the queue
  kWholeBudget,     // transient: until the deadline or --max-attempts
  kFewTimes,        // three tries in all: what does not unpack never will
  kForAMinute,      // a minute and three tries at least: what answers is not
                    // the registry, or sends wrong bytes, or a push is still
                    // going on
  kLater,           // rate limit: the registry's gate closes for all pulls
  kUncounted,       // not the image's fault: again, not counted as an attempt
  kAwaitRuntime,    // the runtime is gone: wait until it answers
  kStopRun,         // no space on the node: no further pull can do better
};

struct ErrorClass {
  Reason reason = Reason::kUnknown;
  Retry retry = Retry::kWholeBudget;
  // When the registry asks to be left alone until ("retry-after: 34s").
  std::optional<absl::Duration> retry_after = std::nullopt;
  // The download holds wrong bytes: it is dropped before the next attempt.
  bool bad_bytes = false;
};

// `error`: a pull's status as the runtime room hands it on; not OK. An attempt
// that prepull itself ended never gets here.
ErrorClass Classify(const absl::Status& error);

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_ERROR_CLASS_H_
