// What the exit codes mean, for help.
#ifndef PREPULL_SRC_CLI_EXIT_CODES_H_
#define PREPULL_SRC_CLI_EXIT_CODES_H_

#include <string>
#include <vector>

namespace prepull {

// One line a code, of the run.
const std::vector<std::string>& RunExitCodes();

// `prepull help exit-codes`.
std::string ExitCodesHelp();

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_EXIT_CODES_H_
