// What fetch and preflight ask of the node's disk.
#ifndef PREPULL_SRC_CLI_PREFLIGHT_FLAGS_H_
#define PREPULL_SRC_CLI_PREFLIGHT_FLAGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prepull/preflight/image_disk.h"
#include "src/cli/command_context.h"

namespace prepull {

struct PreflightOptions {
  DiskDemand demand;
  std::string host_root = "/";
};

// Whether a runtime that answered so is gone, rather than unable to tell.
bool IsAway(const absl::Status& error);

void AddPreflightFlags(Command& command, PreflightOptions& options);

// Looks at the image file system, which may take `timeout`, and warns in the
// log. Errors:
//   FAILED_PRECONDITION  the node is not fit: the sentence has the numbers
//   UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED  nobody could say, although
//                        space was required
absl::Status CheckDisk(const PreflightOptions& options,
                       ContainerRuntime& runtime, absl::Duration timeout,
                       const CommandContext& context);

// Looks once more after the pulls, and warns in the log.
void WarnOfFullDisk(const PreflightOptions& options, ContainerRuntime& runtime,
                    const CommandContext& context);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_PREFLIGHT_FLAGS_H_
