// The pod template of both workloads.
#ifndef PREPULL_SRC_DEPLOY_POD_H_
#define PREPULL_SRC_DEPLOY_POD_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// The container that runs fetch; the Job's rules are about its exit code.
constexpr absl::string_view kFetchContainer = "fetch";

// Returns the capabilities that fetch needs.
std::vector<std::string> AddedCapabilities(const DeploymentOptions& options);

// Returns the pod template: metadata and spec.
Yaml PodTemplate(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_POD_H_
