#include "prepull/deploy/deployment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/run/exit_code.h"
#include "src/deploy/pod.h"
#include "src/deploy/yaml.h"

namespace prepull {
namespace {

// The time of a try besides fetch: scheduling and the image of the pod.
constexpr absl::Duration kStartOfPod = absl::Minutes(1);
// The Job controller's backoff between failed pods
// (DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff in
// https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/job).
constexpr absl::Duration kFirstPause = absl::Seconds(10);
constexpr absl::Duration kMaxPause = absl::Minutes(10);

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
      .Add("metadata", Metadata(options))
      .Add("automountServiceAccountToken", Yaml::Bool(false));
}

Yaml ConfigMap(const DeploymentOptions& options) {
  return Object("v1", "ConfigMap")
      .Add("metadata", Metadata(options))
      .Add("data", Yaml().Add(kListKey, Yaml::Block(options.list)));
}

Yaml ClusterWideMetadata(const DeploymentOptions& options) {
  return Yaml()
      .Add("name", ClusterWideName(options))
      .Add("labels", Labels(options));
}

// What the pods need beyond the constraints that every namespace has: folders
// of the host, uid 0, and an SELinux type of their own (spc_t; no other could
// do more, so there is no point in naming it here).
Yaml SecurityContextConstraints(const DeploymentOptions& options) {
  const Yaml any = Yaml().Add("type", "RunAsAny");
  std::vector<std::string> volumes = {"configMap", "emptyDir", "hostPath"};
  if (!options.secret.empty() || !options.line_secrets.empty()) {
    volumes.push_back("secret");
  }
  if (!options.node_label.empty()) volumes.push_back("projected");
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
          .Add("rollingUpdate", Yaml().Add("maxUnavailable", "100%"));
  return Object("apps/v1", "DaemonSet")
      .Add("metadata", Metadata(options))
      .Add("spec",
           Yaml()
               .Add("selector", Yaml().Add("matchLabels", Labels(options)))
               .Add("updateStrategy", strategy)
               .Add("template", PodTemplate(options)));
}

// The rule that does `action` after the exit codes of fetch that call for it.
Yaml OnExitCodes(JobAction action) {
  Yaml values = Yaml::List();
  for (const int code : ExitCodesWith(action)) {
    values.Append(Yaml::Number(code));
  }
  return Yaml()
      .Add("action", JobActionName(action))
      .Add("onExitCodes", Yaml()
                              .Add("containerName", kFetchContainer)
                              .Add("operator", "In")
                              .Add("values", std::move(values)));
}

// Fetch's exit codes as a Job should take them, and pods that were evicted,
// which count for nothing.
Yaml PodFailurePolicy() {
  const Yaml disrupted =
      Yaml()
          .Add("action", JobActionName(JobAction::kIgnore))
          .Add("onPodConditions",
               Yaml::List({Yaml()
                               .Add("type", "DisruptionTarget")
                               .Add("status", "True")}));
  return Yaml().Add("rules",
                    Yaml::List({OnExitCodes(JobAction::kFailJob),
                                OnExitCodes(JobAction::kIgnore), disrupted,
                                OnExitCodes(JobAction::kCount)}));
}

Yaml Job(const DeploymentOptions& options) {
  const absl::Duration deadline = options.deadline > absl::ZeroDuration()
                                      ? options.deadline
                                      : TimeForAllTries(options);
  return Object("batch/v1", "Job")
      .Add("metadata", Metadata(options))
      .Add("spec",
           Yaml()
               .Add("backoffLimit", Yaml::Number(options.backoff_limit))
               .Add("activeDeadlineSeconds",
                    Yaml::Number(absl::ToInt64Seconds(
                        absl::Ceil(deadline, absl::Seconds(1)))))
               .Add("ttlSecondsAfterFinished",
                    Yaml::Number(absl::ToInt64Seconds(options.kept_for)))
               .Add("podFailurePolicy", PodFailurePolicy())
               .Add("template", PodTemplate(options)));
}

}  // namespace

absl::Duration TimeForAllTries(const DeploymentOptions& options) {
  absl::Duration all = options.overall_timeout + kStartOfPod;
  absl::Duration pause = kFirstPause;
  for (int i = 0; i < options.backoff_limit; ++i) {
    all += pause + options.overall_timeout + kStartOfPod;
    pause = std::min(2 * pause, kMaxPause);
  }
  return all;
}

std::string RenderDeployment(const DeploymentOptions& options) {
  std::vector<std::string> documents;
  const auto add = [&documents](const Yaml& object) {
    documents.push_back(object.Document());
  };
  if (options.with_namespace) add(Namespace(options));
  add(ServiceAccount(options));
  if (options.flavor == Flavor::kOpenShift) {
    add(SecurityContextConstraints(options));
    add(Role("Role", Metadata(options), ConstraintsRule(options)));
    add(Binding("Role", options.name, Metadata(options), options));
  }
  if (!options.node_label.empty()) {
    const Yaml metadata = ClusterWideMetadata(options);
    add(Role("ClusterRole", metadata, NodeRule()));
    add(Binding("ClusterRole", ClusterWideName(options), metadata, options));
  }
  add(ConfigMap(options));
  add(options.workload == Workload::kDaemonSet ? DaemonSet(options)
                                               : Job(options));
  return absl::StrJoin(documents, "---\n");
}

}  // namespace prepull
