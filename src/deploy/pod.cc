#include "src/deploy/pod.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "prepull/base/hash.h"

namespace prepull {
namespace {

constexpr absl::string_view kListFolder = "/etc/prepull/list";
constexpr absl::string_view kSecretFolder = "/etc/prepull/pull-secret";
constexpr absl::string_view kLineSecretsFolder = "/etc/prepull/secrets";
constexpr absl::string_view kStatusFolder = "/var/lib/prepull";
constexpr absl::string_view kHostRoot = "/host";
// Where clients of the API server expect their token.
constexpr absl::string_view kTokenFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";
// The kubelet renews it long before; fetch reads it for each try.
constexpr int kTokenSeconds = 3600;
// User "nobody": sleep opens no files.
constexpr int kNobody = 65534;

std::string FolderOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

bool HasStatus(const DeploymentOptions& options) {
  // An emptyDir ends with the pods of a Job.
  return options.workload == Workload::kDaemonSet ||
         !options.status_folder.empty();
}

std::string StatusFile(const DeploymentOptions& options) {
  return absl::StrCat(kStatusFolder, "/", options.name, ".json");
}

Yaml Mount(absl::string_view volume, absl::string_view path,
           bool is_read_only = true) {
  Yaml mount;
  mount.Add("name", volume).Add("mountPath", path);
  if (is_read_only) mount.Add("readOnly", Yaml::Bool(true));
  return mount;
}

std::string LineSecretVolume(size_t i) { return absl::StrCat("secret-", i); }

Yaml FetchMounts(const DeploymentOptions& options) {
  // At the same path as on the host, so that messages are valid there.
  Yaml mounts = Yaml::List(
      {Mount("cri", FolderOf(SocketOf(options))), Mount("list", kListFolder)});
  if (!options.secret.empty()) {
    mounts.Append(Mount("pull-secret", kSecretFolder));
  }
  for (size_t i = 0; i < options.line_secrets.size(); ++i) {
    mounts.Append(
        Mount(LineSecretVolume(i),
              absl::StrCat(kLineSecretsFolder, "/", options.line_secrets[i])));
  }
  if (HasStatus(options)) {
    mounts.Append(Mount("status", kStatusFolder, /*is_read_only=*/false));
  }
  if (!options.storage_folder.empty()) {
    mounts.Append(
        Mount("storage", absl::StrCat(kHostRoot, options.storage_folder)));
  }
  if (!options.node_label.empty()) {
    mounts.Append(Mount("token", kTokenFolder));
  }
  return mounts;
}

Yaml HostFolder(absl::string_view name, absl::string_view path,
                absl::string_view type) {
  return Yaml()
      .Add("name", name)
      .Add("hostPath", Yaml().Add("path", path).Add("type", type));
}

Yaml SecretVolume(absl::string_view name, absl::string_view secret) {
  return Yaml()
      .Add("name", name)
      .Add("secret", Yaml().Add("secretName", secret));
}

// The volume that automountServiceAccountToken would add to every container,
// for one container.
// https://kubernetes.io/docs/concepts/storage/projected-volumes/
Yaml TokenVolume() {
  const Yaml token =
      Yaml().Add("serviceAccountToken",
                 Yaml()
                     .Add("path", "token")
                     .Add("expirationSeconds", Yaml::Number(kTokenSeconds)));
  const Yaml authority = Yaml().Add(
      "configMap",
      Yaml()
          .Add("name", "kube-root-ca.crt")
          .Add(
              "items",
              Yaml::List({Yaml().Add("key", "ca.crt").Add("path", "ca.crt")})));
  return Yaml()
      .Add("name", "token")
      .Add("projected", Yaml().Add("sources", Yaml::List({token, authority})));
}

Yaml Volumes(const DeploymentOptions& options) {
  // The folder rather than the socket: a restarted runtime creates a new
  // socket, and a mounted file would still be the old one.
  Yaml volumes =
      Yaml::List({HostFolder("cri", FolderOf(SocketOf(options)), "Directory"),
                  Yaml()
                      .Add("name", "list")
                      .Add("configMap", Yaml().Add("name", options.name))});
  if (!options.secret.empty()) {
    volumes.Append(SecretVolume("pull-secret", options.secret));
  }
  for (size_t i = 0; i < options.line_secrets.size(); ++i) {
    volumes.Append(SecretVolume(LineSecretVolume(i), options.line_secrets[i]));
  }
  if (!options.status_folder.empty()) {
    volumes.Append(
        HostFolder("status", options.status_folder, "DirectoryOrCreate"));
  } else if (HasStatus(options)) {
    volumes.Append(Yaml().Add("name", "status").Add("emptyDir", Yaml()));
  }
  if (!options.storage_folder.empty()) {
    volumes.Append(HostFolder("storage", options.storage_folder, "Directory"));
  }
  if (!options.node_label.empty()) volumes.Append(TokenVolume());
  return volumes;
}

// The SELinux type that may use files of the host without a privileged
// container: no other container type may connect to the runtime's socket.
Yaml SuperPrivilegedType() { return Yaml().Add("type", "spc_t"); }

Yaml Confinement(const std::vector<std::string>& added_capabilities) {
  Yaml capabilities;
  capabilities.Add("drop", Yaml::Texts({"ALL"}));
  if (!added_capabilities.empty()) {
    capabilities.Add("add", Yaml::Texts(added_capabilities));
  }
  return Yaml()
      .Add("allowPrivilegeEscalation", Yaml::Bool(false))
      .Add("readOnlyRootFilesystem", Yaml::Bool(true))
      .Add("capabilities", std::move(capabilities));
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

Yaml AmountsMap(const Amounts& amounts) {
  Yaml map;
  if (!amounts.cpu.empty()) map.Add("cpu", amounts.cpu);
  if (!amounts.memory.empty()) map.Add("memory", amounts.memory);
  return map;
}

Yaml Resources(const Amounts& requests, const Amounts& limits) {
  Yaml resources;
  const Yaml wanted = AmountsMap(requests);
  const Yaml most = AmountsMap(limits);
  if (!wanted.empty()) resources.Add("requests", wanted);
  if (!most.empty()) resources.Add("limits", most);
  return resources;
}

Yaml Environment(const DeploymentOptions& options) {
  return Yaml::List(
      {Yaml()
           .Add("name", "NODE_NAME")
           .Add("valueFrom",
                Yaml().Add("fieldRef", Yaml()
                                           .Add("apiVersion", "v1")
                                           .Add("fieldPath", "spec.nodeName"))),
       Yaml().Add("name", "INSTANCE_NAME").Add("value", options.name)});
}

Yaml FetchContainer(const DeploymentOptions& options) {
  return Yaml()
      .Add("name", kFetchContainer)
      .Add("image", options.image)
      .Add("imagePullPolicy", "IfNotPresent")
      .Add("args", Yaml::Texts(FetchArguments(options)))
      .Add("env", Environment(options))
      .Add("resources", Resources(options.requests, options.limits))
      .Add("securityContext", FetchSecurity(options))
      .Add("terminationMessagePolicy", "FallbackToLogsOnError")
      .Add("volumeMounts", FetchMounts(options));
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
  spec.Add("securityContext",
           Yaml().Add("seccompProfile", Yaml().Add("type", "RuntimeDefault")));
  if (options.workload == Workload::kDaemonSet) {
    spec.Add("initContainers", Yaml::List({FetchContainer(options)}))
        .Add("containers", Yaml::List({SleepContainer(options)}));
  } else {
    spec.Add("restartPolicy", "Never")
        .Add("containers", Yaml::List({FetchContainer(options)}));
  }
  return spec.Add("volumes", Volumes(options));
}

Yaml PodAnnotations(const DeploymentOptions& options) {
  Yaml annotations;
  // So that a changed list makes new pods. No protection: who writes the list
  // may write it as he likes.
  annotations.Add("prepull/list-checksum", HashHex(options.list));
  if (options.flavor == Flavor::kOpenShift) {
    annotations.Add("openshift.io/required-scc", ClusterWideName(options));
  }
  if (options.flavor == Flavor::kOpenShift &&
      options.workload == Workload::kJob) {
    // The CPUs that single-node OpenShift reserves for the platform.
    annotations.Add("target.workload.openshift.io/management",
                    "{\"effect\": \"PreferredDuringScheduling\"}");
  }
  return annotations;
}

}  // namespace

std::string ClusterWideName(const DeploymentOptions& options) {
  return absl::StrCat("prepull.", options.name_space, ".", options.name);
}

Yaml Labels(const DeploymentOptions& options) {
  return Yaml()
      .Add("app.kubernetes.io/name", "prepull")
      .Add("app.kubernetes.io/instance", options.name);
}

Yaml Metadata(const DeploymentOptions& options) {
  return Yaml()
      .Add("name", options.name)
      .Add("namespace", options.name_space)
      .Add("labels", Labels(options));
}

std::vector<std::string> AddedCapabilities(const DeploymentOptions& options) {
  std::vector<std::string> capabilities;
  if (options.nice.value_or(0) < 0 || options.ionice_class == "realtime") {
    capabilities.emplace_back("SYS_NICE");
  }
  if (options.watch_connections) capabilities.emplace_back("SYS_PTRACE");
  return capabilities;
}

std::string SocketOf(const DeploymentOptions& options) {
  if (!options.cri_socket.empty()) return options.cri_socket;
  return options.flavor == Flavor::kOpenShift
             ? "/run/crio/crio.sock"
             : "/run/containerd/containerd.sock";
}

absl::Status CheckSocketFolder(const DeploymentOptions& options) {
  const std::string folder = FolderOf(SocketOf(options)) + "/";
  std::vector<absl::string_view> own_folders = {"/etc/prepull", kStatusFolder,
                                                kHostRoot};
  if (!options.node_label.empty()) own_folders.push_back(kTokenFolder);
  for (absl::string_view own_folder : own_folders) {
    const std::string own = absl::StrCat(own_folder, "/");
    if (!absl::StartsWith(own, folder) && !absl::StartsWith(folder, own)) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", folder, "\": conflicts with the pod's folder ", own_folder));
  }
  return absl::OkStatus();
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
  add(!options.storage_folder.empty(), absl::StrCat("--host-root=", kHostRoot));
  words.insert(words.end(), options.fetch_flags.begin(),
               options.fetch_flags.end());
  // Kubernetes replaces "$(NAME)" by a variable and "$$" by "$".
  for (std::string& word : words) {
    word = absl::StrReplaceAll(word, {{"$", "$$"}});
  }
  return words;
}

Yaml PodTemplate(const DeploymentOptions& options) {
  return Yaml()
      .Add("metadata", Yaml()
                           .Add("labels", Labels(options))
                           .Add("annotations", PodAnnotations(options)))
      .Add("spec", PodSpec(options));
}

}  // namespace prepull
