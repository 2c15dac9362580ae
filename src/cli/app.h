// The command line as a whole: finds the command, parses its flags, runs it,
// and turns its end into the last line and the exit code.
#ifndef PREPULL_SRC_CLI_APP_H_
#define PREPULL_SRC_CLI_APP_H_

#include <string>
#include <vector>

#include "src/cli/command_context.h"

namespace prepull {

// Runs the command of `words`, the arguments of the program.
ExitCode RunApp(const std::vector<std::string>& words,
                const CommandContext& context);

// Runs what the words mean to a shell, as far as drop_in.h understands them.
ExitCode RunShell(const std::vector<std::string>& words,
                  const CommandContext& context);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_APP_H_
