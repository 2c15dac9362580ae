// What the kubelet's own configuration says of images that it did not pull
// itself, such as those that prepull pulls.
//
// The kubelet is told on its command line where its configuration is, which a
// container does not see: the places are those of the usual distributions, and
// each that has one is read, with its drop-ins. The host is not trusted to keep
// them small or its links inside its root. What the command line itself says of
// feature gates, which counts more, is not seen.
// Source:
// https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#ifndef PREPULL_PREFLIGHT_KUBELET_CONFIG_H_
#define PREPULL_PREFLIGHT_KUBELET_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"

namespace prepull {

struct KubeletConfig {
  // Of the last file that says any of what follows, else of the first; as it is
  // seen from here, below the host's root.
  std::string path;
  // imagePullCredentialsVerificationPolicy; "" = the kubelet's default.
  std::string policy = "";
  // preloadedImagesVerificationAllowlist.
  std::vector<std::string> allowlist = {};
  // The feature gate KubeletEnsureSecretPulledImages; unset: the default of the
  // kubelet's version, on since 1.35.
  std::optional<bool> verifies = std::nullopt;
};

// Returns the configurations that are found below `host_root`, usually one;
// none is no error. Each may be an error, with the file's name:
//   INVALID_ARGUMENT    not the YAML that the kubelet takes, or too much of it
//   RESOURCE_EXHAUSTED  too many drop-ins
// and others as errno says.
std::vector<absl::StatusOr<KubeletConfig>> ReadKubeletConfigs(
    FileSystem& files, const std::string& host_root);

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_KUBELET_CONFIG_H_
