#include "src/cli/node_state.h"

#include <algorithm>
#include <utility>

#include "prepull/preflight/image_access.h"
#include "prepull/runtime/connections.h"

namespace prepull {
namespace {

constexpr absl::Duration kPreflightCallTimeout = absl::Seconds(10);

// A row for each, or a warning if none was found although flags name some.
std::vector<Finding> EvaluateCredentials(const NodeState& node) {
  std::vector<Finding> findings;
  if (!node.credentials) return findings;
  for (const std::string& name : *node.credentials) {
    findings.push_back({"secret", CheckResult::kOk, name});
  }
  if (findings.empty()) {
    findings.push_back(
        {"secret", CheckResult::kWarning, "no usable credentials found"});
  }
  return findings;
}

void Append(std::vector<Finding> more, std::vector<Finding>& findings) {
  for (Finding& finding : more) findings.push_back(std::move(finding));
}

}  // namespace

NodeState ReadNodeState(const FoundRuntime& found,
                        const PreflightOptions& options,
                        CredentialFinder* credentials,
                        const CommandContext& context) {
  NodeState node = {
      .runtime = ReadRuntimeState(found, kPreflightCallTimeout, context.stop),
      .disk = ReadImageDisk(*found.runtime, context.files, options.host_root,
                            kPreflightCallTimeout, context.stop),
      .load =
          FindLoad(options.load, context.files, context.clock, context.stop),
      .kubelets = ReadKubeletConfigs(context.files, options.host_root),
      .credentials = std::nullopt};
  node.runtime.connections = OpenConnections(found.socket).status();
  if (credentials != nullptr) node.credentials = credentials->Sources();
  return node;
}

std::vector<Finding> FindingsOf(const NodeState& node,
                                const DiskRequirements& required) {
  std::vector<Finding> findings = EvaluateRuntime(node.runtime);
  Append(EvaluateImageDisk(node.disk, required), findings);
  Append(node.load, findings);
  for (const absl::StatusOr<KubeletConfig>& kubelet : node.kubelets) {
    findings.push_back(EvaluateImageAccess(kubelet));
  }
  Append(EvaluateCredentials(node), findings);
  return findings;
}

bool IsFit(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) {
                        return finding.result == CheckResult::kFailed;
                      });
}

}  // namespace prepull
