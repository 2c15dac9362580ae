// The folders of the pod, and what is mounted there.
#ifndef PREPULL_SRC_DEPLOY_VOLUMES_H_
#define PREPULL_SRC_DEPLOY_VOLUMES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

inline constexpr absl::string_view kListFolder = "/etc/prepull/list";
inline constexpr absl::string_view kListKey = "images.txt";
inline constexpr absl::string_view kSecretFolder = "/etc/prepull/pull-secret";
inline constexpr absl::string_view kLineSecretsFolder = "/etc/prepull/secrets";
inline constexpr absl::string_view kStatusFolder = "/var/lib/prepull";
inline constexpr absl::string_view kHostRoot = "/host";

// Returns the folder of the socket.
std::string SocketFolder(const DeploymentOptions& options);

// Whether the pod has a folder for the status file.
bool HasStatus(const DeploymentOptions& options);

std::string StatusFile(const DeploymentOptions& options);

// Whether fetch asks the API server for something.
bool NeedsToken(const DeploymentOptions& options);

// Returns a mount of `volume` at `path`.
Yaml Mount(absl::string_view volume, absl::string_view path,
           bool is_read_only = true);

// Return volumes of the pod. Without an optional Secret its folder is empty;
// without another one the pod waits for it.
Yaml ConfigMapVolume(absl::string_view name, absl::string_view config_map);
Yaml SecretVolume(absl::string_view name, absl::string_view secret,
                  bool is_optional = false);

// Return the folder with the runtime's socket, and its mount.
Yaml CriVolume(const DeploymentOptions& options);
Yaml CriMount(const DeploymentOptions& options);

// The same of the folder with the runtime's images.
Yaml StorageVolume(const DeploymentOptions& options);
Yaml StorageMount(const DeploymentOptions& options);

// Returns the mounts of the fetch container.
Yaml FetchMounts(const DeploymentOptions& options);

// Returns the volumes of the pod.
Yaml Volumes(const DeploymentOptions& options);

// Returns those of a pod that cleans up.
Yaml CleanUpVolumes(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_VOLUMES_H_
