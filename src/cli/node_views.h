// What of the runtime's node can be seen beyond CRI, opened for one run.
#ifndef PREPULL_SRC_CLI_NODE_VIEWS_H_
#define PREPULL_SRC_CLI_NODE_VIEWS_H_

#include <memory>
#include <string>

#include "prepull/node/run_context.h"
#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"
#include "prepull/runtime/committed_layers.h"
#include "prepull/runtime/connections.h"
#include "prepull/runtime/pull_folders.h"
#include "src/cli/command_context.h"

namespace prepull {

class NodeViews {
 public:
  // `images`: the folder that the runtime names for its images, or "".
  // All that is handed over by reference outlives the views.
  NodeViews(const CommandContext& context, const std::string& host_root,
            const std::string& images, const PullOptions& pull,
            const RuntimeFacts& runtime);

  // Enters those that are there.
  void Enter(RunContext& run) const;

 private:
  std::unique_ptr<CommittedLayers> committed_layers_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<PullFolders> pull_folders_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_NODE_VIEWS_H_
