// What the account of the controller may write, beyond what RBAC can say.
#ifndef PREPULL_SRC_DEPLOY_ADMISSION_POLICY_H_
#define PREPULL_SRC_DEPLOY_ADMISSION_POLICY_H_

#include <string>
#include <vector>

#include "prepull/deploy/controller_deployment.h"
#include "prepull/deploy/node_job.h"
#include "src/deploy/yaml.h"

namespace prepull {

// An argument of a node's pod, or how some begin.
struct ArgumentForm {
  std::string text = "";
  bool is_begin = false;
};

// Returns all arguments that NodeJobJson gives a pod.
std::vector<ArgumentForm> NodeArgumentForms(const NodePods& pods);

// Returns ValidatingAdmissionPolicies with their bindings (Kubernetes 1.30);
// their names begin with that of `controller`.
// The account is watched because whoever has its token could otherwise make
// Jobs that are root on any node.
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
std::vector<Yaml> AdmissionPolicies(const ControllerDeployment& deployment,
                                    const DeploymentOptions& controller);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_ADMISSION_POLICY_H_
