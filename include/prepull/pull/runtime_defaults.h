// What the flags leave open and the runtime decides. Pure.
#ifndef PREPULL_PULL_RUNTIME_DEFAULTS_H_
#define PREPULL_PULL_RUNTIME_DEFAULTS_H_

#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"

namespace prepull {

// Returns `options` for a run on `runtime`: a concurrency of 0 becomes what
// suits it, and layers give the order only if it shares no downloads.
PullOptions WithRuntimeDefaults(PullOptions options,
                                const RuntimeFacts& runtime);

}  // namespace prepull

#endif  // PREPULL_PULL_RUNTIME_DEFAULTS_H_
