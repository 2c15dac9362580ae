// What preflight's checks are about, and what they find.
#ifndef PREPULL_SRC_CLI_NODE_STATE_H_
#define PREPULL_SRC_CLI_NODE_STATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/preflight/finding.h"
#include "prepull/preflight/image_disk.h"
#include "prepull/preflight/kubelet_config.h"
#include "prepull/preflight/runtime_checks.h"
#include "src/cli/command_context.h"

namespace prepull {

struct NodeState {
  RuntimeState runtime;
  absl::StatusOr<ImageDisk> disk;
  std::vector<Finding> load;
  std::vector<absl::StatusOr<KubeletConfig>> kubelets;
  std::optional<std::vector<std::string>> credentials;  // names of those found
};

// Asks the runtime and reads files. `credentials`: null if no flag names any.
NodeState ReadNodeState(const FoundRuntime& found,
                        const PreflightOptions& options,
                        CredentialFinder* credentials,
                        const CommandContext& context);

// In the order in which a person reads them.
std::vector<Finding> FindingsOf(const NodeState& node,
                                const DiskRequirements& required);

// Whether none of them fails the node.
bool IsFit(const std::vector<Finding>& findings);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_NODE_STATE_H_
