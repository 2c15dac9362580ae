// --nice and --ionice-*: for our own process.
#ifndef PREPULL_SRC_CLI_PRIORITY_FLAGS_H_
#define PREPULL_SRC_CLI_PRIORITY_FLAGS_H_

#include "prepull/base/priority.h"
#include "src/cli/command.h"

namespace prepull {

void AddPriorityFlags(Command& command, Priority& priority);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_PRIORITY_FLAGS_H_
