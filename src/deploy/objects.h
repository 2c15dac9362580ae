// Objects that several workloads have: accounts, rights, constraints.
#ifndef PREPULL_SRC_DEPLOY_OBJECTS_H_
#define PREPULL_SRC_DEPLOY_OBJECTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// Begins an object.
Yaml Object(absl::string_view api_version, absl::string_view kind);

// Pods that mount folders of the host are "privileged" for Pod Security,
// whatever else they drop.
Yaml Namespace(const DeploymentOptions& options);

Yaml ServiceAccount(const DeploymentOptions& options);

// What the pods need beyond the constraints that every namespace has: folders
// of the host, uid 0, and an SELinux type of their own (spc_t; no other could
// do more, so there is no point in naming it here).
Yaml SecurityContextConstraints(const DeploymentOptions& options);

// Returns a Role or ClusterRole.
Yaml Role(absl::string_view kind, Yaml metadata, std::vector<Yaml> rules);

// Returns a rule of one, about a group of the API; "" is that of Kubernetes.
// Without names it is about all objects.
Yaml Rule(absl::string_view group, const std::vector<std::string>& resources,
          const std::vector<std::string>& verbs,
          const std::vector<std::string>& names = {});

// Binds the pods' ServiceAccount to a Role or ClusterRole.
Yaml Binding(absl::string_view kind, absl::string_view role, Yaml metadata,
             const DeploymentOptions& options);

// Allows to use the constraints above, and no others.
Yaml ConstraintsRule(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_OBJECTS_H_
