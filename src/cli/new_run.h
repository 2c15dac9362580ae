// The run of a fetch at its start.
#ifndef PREPULL_SRC_CLI_NEW_RUN_H_
#define PREPULL_SRC_CLI_NEW_RUN_H_

#include <string>

#include "prepull/run/run.h"
#include "src/cli/command_context.h"
#include "src/cli/fetch_options.h"

namespace prepull {

// Returns a run with its identity, and with what the last run wrote to
// `status_file`, which need not exist.
Run NewRun(const FetchOptions& options, const std::string& status_file,
           const CommandContext& context);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_NEW_RUN_H_
