// --node-label: what fetch tells the API server.
#ifndef PREPULL_SRC_CLI_NODE_LABEL_FLAGS_H_
#define PREPULL_SRC_CLI_NODE_LABEL_FLAGS_H_

#include <optional>
#include <string>

#include "prepull/kube/node_label.h"
#include "prepull/kube/node_labeler.h"
#include "prepull/run/run.h"
#include "src/cli/command_context.h"

namespace prepull {

struct NodeLabelOptions {
  std::optional<NodeLabel> label = std::nullopt;
  std::string service_account_dir =
      "/var/run/secrets/kubernetes.io/serviceaccount";
};

void AddNodeLabelFlags(Command& command, NodeLabelOptions& options);

// The label of one run: what can be foreseen to go wrong is a warning at its
// start, what does go wrong one at its end; neither changes anything else.
class NodeMarker {
 public:
  NodeMarker(const NodeLabelOptions& options, const CommandContext& context)
      : options_(options), context_(context) {}

  void Begin(const Run& run);

  // The run has ended. Blocks for up to 10 s, or 2 s after a stop.
  void End(const Run& run) const;

 private:
  const NodeLabelOptions& options_;
  const CommandContext& context_;
  std::optional<ApiServer> server_;  // nothing: there is nobody to tell
  std::string key_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_NODE_LABEL_FLAGS_H_
