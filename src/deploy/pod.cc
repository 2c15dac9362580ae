#include "src/deploy/pod.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/deploy/container.h"
#include "src/deploy/job.h"
#include "src/deploy/metadata.h"
#include "src/deploy/volumes.h"

namespace prepull {
namespace {

Yaml Environment(const DeploymentOptions& options) {
  Yaml environment = Yaml::List(
      {Yaml()
           .Add("name", "NODE_NAME")
           .Add("valueFrom",
                Yaml().Add("fieldRef", Yaml()
                                           .Add("apiVersion", "v1")
                                           .Add("fieldPath", "spec.nodeName"))),
       Yaml().Add("name", "INSTANCE_NAME").Add("value", options.name)});
  for (const Label& each : options.environment) {
    environment.Append(
        Yaml().Add("name", each.key).Add("value", Literal(each.value)));
  }
  return environment;
}

Yaml FetchSecurity(const DeploymentOptions& options) {
  Yaml security = Confinement(AddedCapabilities(options));
  // The socket belongs to root.
  security.Add("runAsUser", Yaml::Number(0));
  if (options.flavor == Flavor::kOpenShift) {
    security.Add("seLinuxOptions", SuperPrivilegedType());
  }
  if (options.watch_connections) {
    // AppArmor's profile for containers forbids to look into the runtime.
    security.Add("appArmorProfile", Yaml().Add("type", "Unconfined"));
  }
  return security;
}

Yaml FetchContainer(const DeploymentOptions& options) {
  return NodeContainer(options, {.name = kFetchContainer,
                                 .arguments = FetchArguments(options),
                                 .environment = Environment(options),
                                 .mounts = FetchMounts(options)});
}

// The container that keeps the pod running after fetch, and in which
// `kubectl exec ... prepull status` runs.
Yaml SleepContainer(const DeploymentOptions& options) {
  Yaml security = Confinement({});
  security.Add("runAsNonRoot", Yaml::Bool(true))
      .Add("runAsUser", Yaml::Number(kNobody));
  // The kubelet labels an emptyDir for containers; a folder of the host keeps
  // its labels.
  if (options.flavor == Flavor::kOpenShift && !options.status_folder.empty()) {
    security.Add("seLinuxOptions", SuperPrivilegedType());
  }
  Yaml container;
  container.Add("name", "sleep")
      .Add("image", options.image)
      .Add("imagePullPolicy", "IfNotPresent")
      .Add("args", Yaml::Texts({"sleep"}))
      .Add("env", Yaml::List({Yaml()
                                  .Add("name", "PREPULL_STATUS_FILE")
                                  .Add("value", StatusFile(options))}))
      // 6 MiB; 43 MiB while `prepull status` reads 15,000 images.
      .Add("resources",
           Resources({.cpu = "1m", .memory = "16Mi"}, {.memory = "128Mi"}))
      .Add("securityContext", std::move(security))
      .Add("terminationMessagePolicy", "FallbackToLogsOnError")
      .Add("volumeMounts", Yaml::List({Mount("status", kStatusFolder)}));
  return container;
}

// The containers of a Job that cleans up have no token, list or capability.
void AddCleanUp(const DeploymentOptions& options, Yaml& spec) {
  const std::string status_file = StatusFile(options);
  if (options.unpins) {
    // First, because the file names the images.
    const ContainerParts unpin = {
        .name = "unpin",
        .arguments = {"unpin",
                      Literal(absl::StrCat("--cri-socket=", SocketOf(options))),
                      Literal(absl::StrCat("--from-status=", status_file))},
        .mounts =
            Yaml::List({CriMount(options), Mount("status", kStatusFolder)})};
    spec.Add("initContainers", Yaml::List({NodeContainer(options, unpin)}));
  }
  const ContainerParts clean = {
      .name = "clean",
      .arguments = {"status",
                    Literal(absl::StrCat("--status-file=", status_file)),
                    "--remove"},
      .mounts =
          Yaml::List({Mount("status", kStatusFolder, /*is_read_only=*/false)})};
  spec.Add("containers", Yaml::List({NodeContainer(options, clean)}))
      .Add("volumes", CleanUpVolumes(options));
}

Yaml Tolerations(const DeploymentOptions& options) {
  Yaml list = Yaml::List();
  for (const Toleration& toleration : options.tolerations) {
    Yaml item;
    if (!toleration.key.empty()) item.Add("key", toleration.key);
    item.Add("operator", toleration.value ? "Equal" : "Exists");
    if (toleration.value) item.Add("value", *toleration.value);
    if (!toleration.effect.empty()) item.Add("effect", toleration.effect);
    list.Append(std::move(item));
  }
  return list;
}

Yaml NodeSelector(const DeploymentOptions& options) {
  Yaml selector;
  bool says_os = false;
  for (const Label& label : options.node_selector) {
    selector.Add(label.key, label.value);
    says_os = says_os || label.key == "kubernetes.io/os";
  }
  if (!says_os) selector.Add("kubernetes.io/os", "linux");
  return selector;
}

Yaml PodSpec(const DeploymentOptions& options) {
  Yaml spec = PodBase(options);
  if (options.workload == Workload::kDaemonSet) {
    spec.Add("initContainers", Yaml::List({FetchContainer(options)}))
        .Add("containers", Yaml::List({SleepContainer(options)}));
  } else {
    spec.Add("restartPolicy", "Never");
    AddPodDeadlines(options, spec);
    if (!options.cleans.empty()) {
      AddCleanUp(options, spec);
      return spec;
    }
    spec.Add("containers", Yaml::List({FetchContainer(options)}));
  }
  return spec.Add("volumes", Volumes(options));
}

}  // namespace

Yaml NodeContainer(const DeploymentOptions& options,
                   const ContainerParts& parts) {
  Yaml container;
  container.Add("name", parts.name)
      .Add("image", options.image)
      .Add("imagePullPolicy", "IfNotPresent")
      .Add("args", Yaml::Texts(parts.arguments));
  if (!parts.environment.empty()) container.Add("env", parts.environment);
  return container.Add("resources", Resources(options.requests, options.limits))
      .Add("securityContext", FetchSecurity(options))
      .Add("terminationMessagePolicy", "FallbackToLogsOnError")
      .Add("volumeMounts", parts.mounts);
}

Yaml PodBase(const DeploymentOptions& options) {
  Yaml spec;
  spec.Add("serviceAccountName", options.name)
      .Add("automountServiceAccountToken", Yaml::Bool(false))
      // A Service named prepull would inject PREPULL_* variables, which are
      // flags of prepull. Those of the Service kubernetes are injected all the
      // same; fetch finds the API server by them.
      .Add("enableServiceLinks", Yaml::Bool(false));
  if (options.watch_connections) {
    // The runtime's process is the host's.
    spec.Add("hostPID", Yaml::Bool(true));
  }
  if (!options.priority_class.empty()) {
    spec.Add("priorityClassName", options.priority_class);
  }
  spec.Add("nodeSelector", NodeSelector(options));
  const Yaml tolerations = Tolerations(options);
  if (!tolerations.empty()) spec.Add("tolerations", tolerations);
  return spec.Add("securityContext", PodSecurity());
}

Yaml PodAnnotations(const DeploymentOptions& options) {
  std::vector<Label> own;
  if (options.flavor == Flavor::kOpenShift) {
    own.push_back({"openshift.io/required-scc", ClusterWideName(options)});
  }
  if (options.workload == Workload::kJob) {
    // A sidecar would keep the pod running, and take room from its message.
    own.push_back({"sidecar.istio.io/inject", "false"});
    own.push_back({"linkerd.io/inject", "disabled"});
  }
  if (options.flavor == Flavor::kOpenShift &&
      options.workload == Workload::kJob && options.cleans.empty()) {
    // The CPUs that single-node OpenShift reserves for the platform.
    own.push_back({"target.workload.openshift.io/management",
                   "{\"effect\": \"PreferredDuringScheduling\"}"});
  }
  return Annotations(options, own);
}

std::vector<std::string> AddedCapabilities(const DeploymentOptions& options) {
  std::vector<std::string> capabilities;
  if (options.nice.value_or(0) < 0 || options.ionice_class == "realtime") {
    capabilities.emplace_back("SYS_NICE");
  }
  if (options.watch_connections) capabilities.emplace_back("SYS_PTRACE");
  return capabilities;
}

std::vector<std::string> FetchArguments(const DeploymentOptions& options) {
  std::vector<std::string> words = {
      "fetch", absl::StrCat("--image-list-file=", kListFolder, "/", kListKey),
      absl::StrCat("--cri-socket=", SocketOf(options)),
      absl::StrCat("--overall-timeout=",
                   absl::FormatDuration(options.overall_timeout))};
  const auto add = [&words](bool is_asked_for, const std::string& word) {
    if (is_asked_for) words.push_back(word);
  };
  add(!options.concurrency.empty(),
      absl::StrCat("--concurrency=", options.concurrency));
  add(options.pin, "--pin");
  add(!options.secret.empty(), absl::StrCat("--docker-config=", kSecretFolder));
  add(!options.line_secrets.empty(),
      absl::StrCat("--secrets-dir=", kLineSecretsFolder));
  add(HasStatus(options), absl::StrCat("--status-file=", StatusFile(options)));
  add(options.nice.has_value(),
      absl::StrCat("--nice=", options.nice.value_or(0)));
  add(!options.ionice_class.empty(),
      absl::StrCat("--ionice-class=", options.ionice_class));
  add(options.ionice_priority.has_value(),
      absl::StrCat("--ionice-priority=", options.ionice_priority.value_or(0)));
  add(!options.node_label.empty(),
      absl::StrCat("--node-label=", options.node_label));
  add(!options.result_configmap.empty(),
      absl::StrCat("--result-configmap=", options.result_configmap));
  add(options.result_every > absl::ZeroDuration(),
      absl::StrCat("--result-every=",
                   absl::FormatDuration(options.result_every)));
  add(options.start_jitter > absl::ZeroDuration(),
      absl::StrCat("--start-jitter=",
                   absl::FormatDuration(options.start_jitter)));
  add(!options.storage_folder.empty(), absl::StrCat("--host-root=", kHostRoot));
  words.insert(words.end(), options.fetch_flags.begin(),
               options.fetch_flags.end());
  for (std::string& word : words) word = Literal(word);
  return words;
}

Yaml PodTemplate(const DeploymentOptions& options) {
  Yaml metadata = Yaml().Add("labels", Labels(options));
  Yaml annotations = PodAnnotations(options);
  if (!annotations.empty()) metadata.Add("annotations", std::move(annotations));
  return Yaml()
      .Add("metadata", std::move(metadata))
      .Add("spec", PodSpec(options));
}

}  // namespace prepull
