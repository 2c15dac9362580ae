// Names, labels, annotations and owners of the objects.
#ifndef PREPULL_SRC_DEPLOY_METADATA_H_
#define PREPULL_SRC_DEPLOY_METADATA_H_

#include <string>

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// Returns the name of cluster-wide objects. It is unique, because names and
// namespaces have no dots.
std::string ClusterWideName(const DeploymentOptions& options);

// Returns the name of the list's ConfigMap: another list has another one.
std::string ListName(const DeploymentOptions& options);

// Returns the name of the Job. A hub creates what is not there and changes
// nothing, so there another list has another Job.
std::string JobName(const DeploymentOptions& options);

// Returns the labels that select the pods.
Yaml SelectorLabels(const DeploymentOptions& options);

// Returns the same and those that were asked for.
Yaml Labels(const DeploymentOptions& options);

// Returns the annotations that were asked for, and with them those of `own`
// whose keys were not.
Yaml Annotations(const DeploymentOptions& options,
                 const std::vector<Label>& own = {});

// Returns the "metadata" of the object of that name in the namespace; a
// component is a label by which a kind of object is found.
Yaml Metadata(const DeploymentOptions& options, absl::string_view name,
              absl::string_view component = "");

// Returns that of an object of the whole cluster, which has no owner: what
// belongs to a namespace cannot own it. `more` is appended to its name.
Yaml ClusterWideMetadata(const DeploymentOptions& options,
                         absl::string_view more = "");

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_METADATA_H_
