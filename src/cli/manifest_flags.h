// The flags of manifest.
#ifndef PREPULL_SRC_CLI_MANIFEST_FLAGS_H_
#define PREPULL_SRC_CLI_MANIFEST_FLAGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/deploy/controller_deployment.h"
#include "prepull/deploy/deployment.h"
#include "src/cli/command_context.h"
#include "src/cli/shared_flags.h"

namespace prepull {

struct ManifestFlags {
  std::vector<std::string> words;  // KIND NAME, further flags of fetch
  std::string list_file;
  DeploymentOptions options;
  // Not given: a DaemonSet tolerates everything, a Job nothing.
  std::optional<std::vector<Toleration>> tolerations;
  // Their defaults depend on others, or it matters whether they are given.
  std::optional<absl::Duration> overall_timeout;
  std::optional<absl::Duration> result_every;
  std::optional<absl::Duration> start_jitter;
  std::optional<std::string> max_nodes;  // of a DaemonSet only
  Deadline deadline;                     // a duration: of a Job only
  std::string deadline_text;
  // Of a Job only.
  std::optional<absl::Duration> kept_for;
  std::optional<int> backoff_limit;
  bool clean = false;
  // Of a hub only.
  Hub hub;
  bool has_hub_flags = false;
  // Of a controller only.
  std::vector<std::string> allowed_secrets;
  LoggingOptions logging;
};

// Parses a duration of one second to a year, in which Kubernetes counts.
absl::StatusOr<absl::Duration> ParseSeconds(const std::string& text);

// Adds a flag with such a duration.
void OptionalSeconds(Command& command, const FlagDoc& flag,
                     std::optional<absl::Duration>& value);

void AddDaemonSetFlags(Command& command, ManifestFlags& flags);
void AddJobFlags(Command& command, ManifestFlags& flags);
void AddHubFlags(Command& command, ManifestFlags& flags);
void AddControllerFlags(Command& command, ManifestFlags& flags);

void AddManifestFlags(Command& command, ManifestFlags& flags);

// Checks what is given beside --clean. Errors: INVALID_ARGUMENT  a flag that is
// about fetching.
absl::Status CheckCleanUp(const std::vector<FlagDoc>& given,
                          const DeploymentOptions& options);

// Whether what is asked for is a controller, which has no list.
bool IsController(const ManifestFlags& flags);

// Returns the deployment of a controller. Errors: INVALID_ARGUMENT  one of the
// `given` flags is not about it, or they contradict each other.
absl::StatusOr<ControllerDeployment> ToController(
    const ManifestFlags& flags, const std::vector<FlagDoc>& given);

// Errors: INVALID_ARGUMENT  the Namespace to print belongs to Kubernetes.
absl::Status CheckNamespace(const DeploymentOptions& options);

// Errors: INVALID_ARGUMENT  a label or variable that manifest itself writes.
absl::Status CheckKeys(const DeploymentOptions& options);

// Returns the options without the list. Errors: INVALID_ARGUMENT  flags that
// contradict each other.
absl::StatusOr<DeploymentOptions> ToDeployment(const ManifestFlags& flags);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_MANIFEST_FLAGS_H_
