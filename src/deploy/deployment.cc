#include "prepull/deploy/deployment.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/deploy/hub.h"
#include "src/deploy/job.h"
#include "src/deploy/metadata.h"
#include "src/deploy/objects.h"
#include "src/deploy/pod.h"
#include "src/deploy/volumes.h"
#include "src/deploy/yaml.h"

namespace prepull {
namespace {

// Named by its content, and immutable: no pod ever has another list than the
// one that its template names.
Yaml List(const DeploymentOptions& options) {
  return Object("v1", "ConfigMap")
      .Add("metadata", Metadata(options, ListName(options), "list"))
      .Add("immutable", Yaml::Bool(true))
      .Add("data", Yaml().Add(kListKey, Yaml::Block(options.list)));
}

// Empty: fetch may change it, not make it.
Yaml Result(const DeploymentOptions& options) {
  return Object("v1", "ConfigMap")
      .Add("metadata", Metadata(options, options.result_configmap));
}

// Allows to write the result, and no other ConfigMap.
Yaml ResultRule(const DeploymentOptions& options) {
  return Rule("", {"configmaps"}, {"patch"}, {options.result_configmap});
}

// Allows to label the pod's node. RBAC cannot restrict it to the own node.
Yaml NodeRule() { return Rule("", {"nodes"}, {"patch"}); }

Yaml DaemonSet(const DeploymentOptions& options) {
  const Yaml strategy =
      Yaml()
          .Add("type", "RollingUpdate")
          .Add("rollingUpdate",
               Yaml().Add("maxUnavailable",
                          Yaml::IntOrShare(options.max_nodes)));
  return Object("apps/v1", "DaemonSet")
      .Add("metadata", Metadata(options, options.name))
      .Add("spec", Yaml()
                       .Add("selector",
                            Yaml().Add("matchLabels", SelectorLabels(options)))
                       .Add("updateStrategy", strategy)
                       .Add("template", PodTemplate(options)));
}

std::vector<Yaml> Objects(const DeploymentOptions& options) {
  std::vector<Yaml> objects;
  const auto add = [&objects](Yaml object) {
    objects.push_back(std::move(object));
  };
  if (options.with_namespace) add(Namespace(options));
  add(ServiceAccount(options));
  if (options.flavor == Flavor::kOpenShift) {
    add(SecurityContextConstraints(options));
    const Yaml metadata = Metadata(options, options.name);
    add(Role("Role", metadata, {ConstraintsRule(options)}));
    add(Binding("Role", options.name, metadata, options));
  }
  if (!options.node_label.empty()) {
    const Yaml metadata = ClusterWideMetadata(options);
    add(Role("ClusterRole", metadata, {NodeRule()}));
    add(Binding("ClusterRole", ClusterWideName(options), metadata, options));
  }
  if (!options.result_configmap.empty()) {
    // Not of the ServiceAccount's own name: OpenShift has that.
    const std::string name = absl::StrCat(options.name, "-result");
    const Yaml metadata = Metadata(options, name);
    add(Result(options));
    add(Role("Role", metadata, {ResultRule(options)}));
    add(Binding("Role", name, metadata, options));
  }
  if (options.cleans.empty()) add(List(options));
  add(options.workload == Workload::kDaemonSet ? DaemonSet(options)
                                               : Job(options));
  return objects;
}

}  // namespace

std::string RenderDeployment(const DeploymentOptions& options) {
  std::vector<Yaml> objects = Objects(options);
  if (options.hub) return HubWork(options, std::move(objects)).Document();
  return absl::StrJoin(objects, "---\n",
                       [](std::string* out, const Yaml& object) {
                         absl::StrAppend(out, object.Document());
                       });
}

}  // namespace prepull
