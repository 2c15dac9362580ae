// prepull status --from-message: a termination message read back.
#ifndef PREPULL_SRC_CLI_STATUS_MESSAGE_H_
#define PREPULL_SRC_CLI_STATUS_MESSAGE_H_

#include <string>

#include "prepull/source/image_list.h"
#include "src/cli/command_context.h"

namespace prepull {

struct StatusMessageOptions {
  std::string path = "";  // "" = a status file is asked for; "-" = input
  ListInputs list = {};   // the run's list files and rewrites
};

struct StatusView {
  std::string output = "table";  // json, name
  bool no_headers = false;
};

// Prints what the message says and ends with the exit code of its run; with 2
// if it cannot be read, or is of another list.
CommandEnd ShowStatusMessage(const StatusMessageOptions& options,
                             const StatusView& view,
                             const CommandContext& context);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_STATUS_MESSAGE_H_
