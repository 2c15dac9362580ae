// The flags of manifest.
#ifndef PREPULL_SRC_CLI_MANIFEST_FLAGS_H_
#define PREPULL_SRC_CLI_MANIFEST_FLAGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/deploy/deployment.h"
#include "src/cli/command_context.h"

namespace prepull {

struct ManifestFlags {
  std::vector<std::string> words;  // KIND NAME, further flags of fetch
  std::string list_file;
  DeploymentOptions options;
  // Not said: a DaemonSet tolerates everything, a Job nothing.
  std::optional<std::vector<Toleration>> tolerations;
  // Of a Job only, so it counts whether they are said.
  std::optional<absl::Duration> deadline;
  std::optional<absl::Duration> kept_for;
  std::optional<int> backoff_limit;
  TalkOptions talk;
};

void AddManifestFlags(Command& command, ManifestFlags& flags);

// What the flags ask for, but for the list. Errors: INVALID_ARGUMENT  flags
// that do not fit together.
absl::StatusOr<DeploymentOptions> ToDeployment(const ManifestFlags& flags);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_MANIFEST_FLAGS_H_
