#include "src/deploy/objects.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/deploy/metadata.h"
#include "src/deploy/pod.h"
#include "src/deploy/volumes.h"

namespace prepull {

Yaml Object(absl::string_view api_version, absl::string_view kind) {
  return Yaml().Add("apiVersion", api_version).Add("kind", kind);
}

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

Yaml Role(absl::string_view kind, Yaml metadata, std::vector<Yaml> rules) {
  return Object("rbac.authorization.k8s.io/v1", kind)
      .Add("metadata", std::move(metadata))
      .Add("rules", Yaml::List(std::move(rules)));
}

Yaml Rule(absl::string_view group, const std::vector<std::string>& resources,
          const std::vector<std::string>& verbs,
          const std::vector<std::string>& names) {
  Yaml rule;
  rule.Add("apiGroups", Yaml::Texts({std::string(group)}))
      .Add("resources", Yaml::Texts(resources));
  if (!names.empty()) rule.Add("resourceNames", Yaml::Texts(names));
  return rule.Add("verbs", Yaml::Texts(verbs));
}

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

Yaml ConstraintsRule(const DeploymentOptions& options) {
  return Rule("security.openshift.io", {"securitycontextconstraints"}, {"use"},
              {ClusterWideName(options)});
}

}  // namespace prepull
