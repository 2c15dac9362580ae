// The pod that both workloads are made of.
#ifndef PREPULL_SRC_DEPLOY_POD_H_
#define PREPULL_SRC_DEPLOY_POD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// The container that fetches; a Job's rules are about its exit code.
constexpr absl::string_view kFetchContainer = "fetch";
constexpr absl::string_view kListKey = "images.txt";

// Of what belongs to the whole cluster: says whose it is, and no two
// deployments have the same, since there are no dots in their names.
std::string ClusterWideName(const DeploymentOptions& options);

// The labels of all objects; those of the pods select them.
Yaml Labels(const DeploymentOptions& options);

// "metadata" of an object in the namespace.
Yaml Metadata(const DeploymentOptions& options);

// What nice and ionice ask of the kernel beyond what uid 0 without
// capabilities may.
bool NeedsSysNice(const DeploymentOptions& options);

// A pod template: metadata and spec.
Yaml PodTemplate(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_POD_H_
