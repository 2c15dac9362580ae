// The work of a hub: the objects, and how they come to its clusters.
#ifndef PREPULL_SRC_DEPLOY_HUB_H_
#define PREPULL_SRC_DEPLOY_HUB_H_

#include <vector>

#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// Returns a ManifestWorkReplicaSet of Open Cluster Management. `options` has a
// hub and a result ConfigMap. Source:
// https://github.com/open-cluster-management-io/api (work/v1alpha1, work/v1,
// cluster/v1alpha1)
Yaml HubWork(const DeploymentOptions& options, std::vector<Yaml> objects);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_HUB_H_
