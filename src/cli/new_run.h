// A run before anything is known of it but what earlier ones left.
#ifndef PREPULL_SRC_CLI_NEW_RUN_H_
#define PREPULL_SRC_CLI_NEW_RUN_H_

#include <string>

#include "prepull/run/run.h"
#include "src/cli/command_context.h"
#include "src/cli/fetch_options.h"

namespace prepull {

// `status_file`: where the last run told of itself; it need not be there.
Run NewRun(const FetchOptions& options, const std::string& status_file,
           const CommandContext& context);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_NEW_RUN_H_
