// The command line as a whole: finds the command, gives it its flags, and
// turns its end into the last line and the exit code.
#ifndef PREPULL_SRC_CLI_APP_H_
#define PREPULL_SRC_CLI_APP_H_

#include <string>
#include <vector>

#include "src/cli/command_context.h"

namespace prepull {

// `words` are the arguments behind the program's name.
ExitCode RunApp(const std::vector<std::string>& words,
                const CommandContext& context);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_APP_H_
