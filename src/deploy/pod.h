// The pods that work on a node, and the template of both workloads.
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

struct ContainerParts {
  absl::string_view name = "";
  std::vector<std::string> arguments = {};  // as Literal returns them
  Yaml environment = {};                    // a list
  Yaml mounts = {};
};

// Returns a container with prepull's image that may use the runtime's socket.
Yaml NodeContainer(const DeploymentOptions& options,
                   const ContainerParts& parts);

// Returns a pod's spec without containers and volumes.
Yaml PodBase(const DeploymentOptions& options);

// Returns what a pod is annotated with.
Yaml PodAnnotations(const DeploymentOptions& options);

// Returns the pod template: metadata and spec.
Yaml PodTemplate(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_POD_H_
