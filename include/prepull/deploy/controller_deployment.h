// The Kubernetes objects of `prepull controller`, as YAML. Pure.
#ifndef PREPULL_DEPLOY_CONTROLLER_DEPLOYMENT_H_
#define PREPULL_DEPLOY_CONTROLLER_DEPLOYMENT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "prepull/deploy/node_job.h"

namespace prepull {

// The name of its Deployment and of its account.
inline constexpr absl::string_view kControllerName = "prepull-controller";

struct ControllerDeployment {
  NodePods pods = {};  // of the controller, whose namespace and image it shares
  bool with_namespace = false;
  // Of all objects but the Namespace and the CustomResourceDefinition.
  std::vector<Label> labels = {};
  std::vector<Label> annotations = {};
  // Secrets that a Prepull may name.
  std::vector<std::string> allowed_secrets = {};
  // A dockerconfigjson Secret for the registries that the controller itself
  // asks for sources; "" = none.
  std::string secret = "";
  std::vector<Label> environment = {};
};

// Returns all objects as YAML, in the order in which they can be created. What
// the controller's account may make of nodes' pods is pinned to what
// NodeJobJson makes with the same NodePods.
std::string RenderController(const ControllerDeployment& deployment);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_CONTROLLER_DEPLOYMENT_H_
