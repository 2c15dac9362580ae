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
// PULL_SECRET_PATH is a path below --host-root if there is a file; else, and if
// it begins with that folder, it is one of the container.
void ApplyForeignEnvironment(const CommandContext& context,
                             const Command& command, FetchOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_COMPATIBILITY_H_
