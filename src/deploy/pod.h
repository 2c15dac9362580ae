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
constexpr absl::string_view kListKey = "images.txt";

// Returns the name of cluster-wide objects. It is unique, because names and
// namespaces have no dots.
std::string ClusterWideName(const DeploymentOptions& options);

// Returns the labels of all objects; they also select the pods.
Yaml Labels(const DeploymentOptions& options);

// Returns the "metadata" of an object in the namespace.
Yaml Metadata(const DeploymentOptions& options);

// Returns the capabilities that fetch needs.
std::vector<std::string> AddedCapabilities(const DeploymentOptions& options);

// Returns the pod template: metadata and spec.
Yaml PodTemplate(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_POD_H_
