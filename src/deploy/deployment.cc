#include "prepull/deploy/deployment.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/deploy/hub.h"
#include "src/deploy/job.h"
#include "src/deploy/metadata.h"
#include "src/deploy/pod.h"
#include "src/deploy/volumes.h"
#include "src/deploy/yaml.h"

namespace prepull {
namespace {

Yaml Object(absl::string_view api_version, absl::string_view kind) {
  return Yaml().Add("apiVersion", api_version).Add("kind", kind);
}

// Pods that mount folders of the host are "privileged" for Pod Security,
// whatever else they drop.
Yaml Namespace(const DeploymentOptions& options) {
  Yaml labels;
  labels.Add("pod-security.kubernetes.io/enforce", "privileged")
      .Add("pod-security.kubernetes.io/audit", "privileged")
      .Add("pod-security.kubernetes.io/warn", "privileged");
  Yaml metadata;
  metadata.Add("name", options.name_space);
  if (options.flavor == Flavor::kOpenShift) {
    labels.Add("security.openshift.io/scc.podSecurityLabelSync", "false");
    metadata.Add("labels", std::move(labels))
        .Add("annotations",
             Yaml()
                 .Add("workload.openshift.io/allowed", "management")
                 // The default node selector of the cluster would exclude
                 // nodes that the DaemonSet selects.
                 .Add("openshift.io/node-selector", ""));
  } else {
    metadata.Add("labels", std::move(labels));
  }
  return Object("v1", "Namespace").Add("metadata", std::move(metadata));
}

Yaml ServiceAccount(const DeploymentOptions& options) {
  return Object("v1", "ServiceAccount")
      .Add("metadata", Metadata(options, options.name))
      .Add("automountServiceAccountToken", Yaml::Bool(false));
}

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

// What the pods need beyond the constraints that every namespace has: folders
// of the host, uid 0, and an SELinux type of their own (spc_t; no other could
// do more, so there is no point in naming it here).
Yaml SecurityContextConstraints(const DeploymentOptions& options) {
  const Yaml any = Yaml().Add("type", "RunAsAny");
  std::vector<std::string> volumes = {"configMap", "emptyDir", "hostPath"};
  if (!options.cleans.empty()) volumes = {"hostPath"};
  if (!options.secret.empty() || !options.line_secrets.empty()) {
    volumes.push_back("secret");
  }
  if (NeedsToken(options)) volumes.push_back("projected");
  return Object("security.openshift.io/v1", "SecurityContextConstraints")
      .Add("metadata", ClusterWideMetadata(options))
      .Add("priority", Yaml::Null())
      .Add("allowHostDirVolumePlugin", Yaml::Bool(true))
      .Add("allowHostIPC", Yaml::Bool(false))
      .Add("allowHostNetwork", Yaml::Bool(false))
      .Add("allowHostPID", Yaml::Bool(options.watch_connections))
      .Add("allowHostPorts", Yaml::Bool(false))
      .Add("allowPrivilegedContainer", Yaml::Bool(false))
      .Add("allowPrivilegeEscalation", Yaml::Bool(false))
      .Add("allowedCapabilities", Yaml::Texts(AddedCapabilities(options)))
      .Add("defaultAddCapabilities", Yaml::List())
      .Add("requiredDropCapabilities", Yaml::Texts({"ALL"}))
      .Add("readOnlyRootFilesystem", Yaml::Bool(true))
      .Add("runAsUser", any)
      .Add("seLinuxContext", any)
      .Add("fsGroup", any)
      .Add("supplementalGroups", any)
      .Add("seccompProfiles", Yaml::Texts({"runtime/default"}))
      .Add("users", Yaml::List())
      .Add("groups", Yaml::List())
      .Add("volumes", Yaml::Texts(volumes));
}

// Returns a Role or ClusterRole with one rule.
Yaml Role(absl::string_view kind, Yaml metadata, Yaml rule) {
  return Object("rbac.authorization.k8s.io/v1", kind)
      .Add("metadata", std::move(metadata))
      .Add("rules", Yaml::List({std::move(rule)}));
}

// Binds the pods' ServiceAccount to the Role or ClusterRole of the same name.
Yaml Binding(absl::string_view kind, absl::string_view role, Yaml metadata,
             const DeploymentOptions& options) {
  return Object("rbac.authorization.k8s.io/v1", absl::StrCat(kind, "Binding"))
      .Add("metadata", std::move(metadata))
      .Add("roleRef", Yaml()
                          .Add("apiGroup", "rbac.authorization.k8s.io")
                          .Add("kind", kind)
                          .Add("name", role))
      .Add("subjects", Yaml::List({Yaml()
                                       .Add("kind", "ServiceAccount")
                                       .Add("name", options.name)
                                       .Add("namespace", options.name_space)}));
}

// Allows to use the constraints above, and no others.
Yaml ConstraintsRule(const DeploymentOptions& options) {
  return Yaml()
      .Add("apiGroups", Yaml::Texts({"security.openshift.io"}))
      .Add("resources", Yaml::Texts({"securitycontextconstraints"}))
      .Add("resourceNames", Yaml::Texts({ClusterWideName(options)}))
      .Add("verbs", Yaml::Texts({"use"}));
}

// Allows to write the result, and no other ConfigMap.
Yaml ResultRule(const DeploymentOptions& options) {
  return Yaml()
      .Add("apiGroups", Yaml::Texts({""}))
      .Add("resources", Yaml::Texts({"configmaps"}))
      .Add("resourceNames", Yaml::Texts({options.result_configmap}))
      .Add("verbs", Yaml::Texts({"patch"}));
}

// Allows to label the pod's node. RBAC cannot restrict it to the own node.
Yaml NodeRule() {
  return Yaml()
      .Add("apiGroups", Yaml::Texts({""}))
      .Add("resources", Yaml::Texts({"nodes"}))
      .Add("verbs", Yaml::Texts({"patch"}));
}

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
    add(Role("Role", metadata, ConstraintsRule(options)));
    add(Binding("Role", options.name, metadata, options));
  }
  if (!options.node_label.empty()) {
    const Yaml metadata = ClusterWideMetadata(options);
    add(Role("ClusterRole", metadata, NodeRule()));
    add(Binding("ClusterRole", ClusterWideName(options), metadata, options));
  }
  if (!options.result_configmap.empty()) {
    // Not of the ServiceAccount's own name: OpenShift has that.
    const std::string name = absl::StrCat(options.name, "-result");
    const Yaml metadata = Metadata(options, name);
    add(Result(options));
    add(Role("Role", metadata, ResultRule(options)));
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
