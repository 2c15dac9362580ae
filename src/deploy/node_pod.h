// The pods that the controller has a Job make on a node.
#ifndef PREPULL_SRC_DEPLOY_NODE_POD_H_
#define PREPULL_SRC_DEPLOY_NODE_POD_H_

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "prepull/deploy/node_job.h"

namespace prepull {

// All variables that a pod has.
inline constexpr absl::string_view kNodeVariable = "NODE_NAME";
inline constexpr absl::string_view kDeadlineVariable = "PREPULL_DEADLINE";

// Returns what such a pod has in common with one of `prepull manifest job`.
DeploymentOptions NodeOptions(const NodePods& pods);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_NODE_POD_H_
