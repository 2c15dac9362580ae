// The words behind "--" of manifest: further flags of fetch, for its pods.
#ifndef PREPULL_SRC_CLI_PASSED_FLAGS_H_
#define PREPULL_SRC_CLI_PASSED_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "src/cli/command.h"

namespace prepull {

// Judges them by the parser of fetch itself, and by what its pod has: no files
// but those that are mounted, nothing that `manifest` decides by flags of its
// own, and no view of the images' disk unless `sees_disk`. Errors:
// INVALID_ARGUMENT.
absl::Status CheckPassedFlags(const std::vector<std::string>& words,
                              const Command& manifest, bool sees_disk);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_PASSED_FLAGS_H_
