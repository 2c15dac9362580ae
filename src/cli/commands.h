// All commands, in the order of the help.
#ifndef PREPULL_SRC_CLI_COMMANDS_H_
#define PREPULL_SRC_CLI_COMMANDS_H_

#include <memory>
#include <vector>

#include "src/cli/command_context.h"

namespace prepull {

std::unique_ptr<CommandProgram> MakeFetchCommand();
std::unique_ptr<CommandProgram> MakeCheckCommand();
std::unique_ptr<CommandProgram> MakeResolveCommand();
std::unique_ptr<CommandProgram> MakePreflightCommand();
std::unique_ptr<CommandProgram> MakeStatusCommand();
std::unique_ptr<CommandProgram> MakeUnpinCommand();
std::unique_ptr<CommandProgram> MakeAggregateMetricsCommand();
std::unique_ptr<CommandProgram> MakeSleepCommand();
std::unique_ptr<CommandProgram> MakeManifestCommand();
std::unique_ptr<CommandProgram> MakeControllerCommand();
std::unique_ptr<CommandProgram> MakeConvertCommand();
std::unique_ptr<CommandProgram> MakeCompletionCommand();
std::unique_ptr<CommandProgram> MakeVersionCommand();

// Every command but help.
std::vector<std::unique_ptr<CommandProgram>> AllCommands();

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_COMMANDS_H_
