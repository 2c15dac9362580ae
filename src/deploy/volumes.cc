#include "src/deploy/volumes.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/deploy/metadata.h"

namespace prepull {
namespace {

// Where clients of the API server expect their token.
constexpr absl::string_view kTokenFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";
// The kubelet renews it long before; fetch reads it for each try.
constexpr int kTokenSeconds = 3600;

std::string LineSecretVolume(size_t i) { return absl::StrCat("secret-", i); }

Yaml HostFolder(absl::string_view name, absl::string_view path,
                absl::string_view type) {
  return Yaml()
      .Add("name", name)
      .Add("hostPath", Yaml().Add("path", path).Add("type", type));
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
  const Yaml name_space = Yaml().Add(
      "downwardAPI",
      Yaml().Add(
          "items",
          Yaml::List({Yaml()
                          .Add("path", "namespace")
                          .Add("fieldRef",
                               Yaml()
                                   .Add("apiVersion", "v1")
                                   .Add("fieldPath", "metadata.namespace"))})));
  return Yaml()
      .Add("name", "token")
      .Add("projected",
           Yaml().Add("sources", Yaml::List({token, authority, name_space})));
}

}  // namespace

std::string SocketOf(const DeploymentOptions& options) {
  if (!options.cri_socket.empty()) return options.cri_socket;
  return options.flavor == Flavor::kOpenShift
             ? "/run/crio/crio.sock"
             : "/run/containerd/containerd.sock";
}

std::string SocketFolder(const DeploymentOptions& options) {
  const std::string socket = SocketOf(options);
  return socket.substr(0, socket.rfind('/'));
}

absl::Status CheckSocketFolder(const DeploymentOptions& options) {
  const std::string folder = SocketFolder(options) + "/";
  std::vector<absl::string_view> own_folders = {"/etc/prepull", kStatusFolder,
                                                kHostRoot};
  if (NeedsToken(options)) own_folders.push_back(kTokenFolder);
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

bool HasStatus(const DeploymentOptions& options) {
  // An emptyDir ends with the pods of a Job.
  return options.workload == Workload::kDaemonSet ||
         !options.status_folder.empty();
}

std::string StatusFile(const DeploymentOptions& options) {
  return absl::StrCat(kStatusFolder, "/",
                      options.cleans.empty() ? options.name : options.cleans,
                      ".json");
}

bool NeedsToken(const DeploymentOptions& options) {
  return !options.node_label.empty() || !options.result_configmap.empty();
}

Yaml Mount(absl::string_view volume, absl::string_view path,
           bool is_read_only) {
  Yaml mount;
  mount.Add("name", volume).Add("mountPath", path);
  if (is_read_only) mount.Add("readOnly", Yaml::Bool(true));
  return mount;
}

Yaml CriVolume(const DeploymentOptions& options) {
  // The folder rather than the socket: a restarted runtime creates a new
  // socket, and a mounted file would still be the old one.
  return HostFolder("cri", SocketFolder(options), "Directory");
}

Yaml StorageVolume(const DeploymentOptions& options) {
  return HostFolder("storage", options.storage_folder, "Directory");
}

Yaml ConfigMapVolume(absl::string_view name, absl::string_view config_map) {
  return Yaml()
      .Add("name", name)
      .Add("configMap", Yaml().Add("name", config_map));
}

Yaml SecretVolume(absl::string_view name, absl::string_view secret,
                  bool is_optional) {
  Yaml source;
  source.Add("secretName", secret);
  if (is_optional) source.Add("optional", Yaml::Bool(true));
  return Yaml().Add("name", name).Add("secret", std::move(source));
}

Yaml CriMount(const DeploymentOptions& options) {
  // At the same path as on the host, so that messages are valid there.
  return Mount("cri", SocketFolder(options));
}

Yaml StorageMount(const DeploymentOptions& options) {
  return Mount("storage", absl::StrCat(kHostRoot, options.storage_folder));
}

Yaml FetchMounts(const DeploymentOptions& options) {
  Yaml mounts = Yaml::List({CriMount(options), Mount("list", kListFolder)});
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
    mounts.Append(StorageMount(options));
  }
  if (NeedsToken(options)) mounts.Append(Mount("token", kTokenFolder));
  return mounts;
}

Yaml CleanUpVolumes(const DeploymentOptions& options) {
  Yaml volumes = Yaml::List(
      {HostFolder("status", options.status_folder, "DirectoryOrCreate")});
  if (options.unpins) {
    volumes.Append(CriVolume(options));
  }
  return volumes;
}

Yaml Volumes(const DeploymentOptions& options) {
  Yaml volumes = Yaml::List(
      {CriVolume(options), ConfigMapVolume("list", ListName(options))});
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
    volumes.Append(StorageVolume(options));
  }
  if (NeedsToken(options)) volumes.Append(TokenVolume());
  return volumes;
}

}  // namespace prepull
