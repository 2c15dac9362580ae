// Flags and variables of other tools that fetch accepts: those of
// image-prefetcher and lifecycle-agent.
#ifndef PREPULL_SRC_CLI_COMPATIBILITY_H_
#define PREPULL_SRC_CLI_COMPATIBILITY_H_

#include <string>

#include "absl/time/time.h"
#include "src/cli/fetch_options.h"

namespace prepull {

// Adds image-prefetcher's flags that no flag of ours has the name of.
void AddCompatibilityFlags(Command& command, CompatibilityOptions& options);

// Applies PRECACHE_SPEC_FILE, MAX_PULL_THREADS, PULL_SECRET_PATH and
// PRECACHE_BEST_EFFORT, unless a flag or variable of prepull overrides them.
void ApplyForeignEnvironment(const Host& host, const Command& command,
                             FetchOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_COMPATIBILITY_H_
