// Reads the kubelet's CredentialProviderConfig, YAML or JSON. Pure.
//
// Unknown fields are ignored: a newer kubelet may have them.
// Source:
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/#kubelet-config-k8s-io-v1-CredentialProviderConfig
#ifndef PREPULL_SRC_AUTH_PROVIDER_CONFIG_H_
#define PREPULL_SRC_AUTH_PROVIDER_CONFIG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "src/auth/keyring.h"

namespace prepull {

struct CredentialProvider {
  std::string name = "";  // a plain file name
  std::vector<RegistryPattern> match_images = {};
  std::string match_texts = "";  // the patterns, for messages
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {};
  absl::Duration default_cache_duration = absl::ZeroDuration();
  std::string api_version = "";  // credentialprovider.kubelet.k8s.io/…
  // Requires a pod's service account, which a run does not have.
  bool needs_service_account = false;
};

// Errors: INVALID_ARGUMENT  "PATH:LINE: FIELD: what is wrong"; environment and
// arguments are not shown.
absl::StatusOr<std::vector<CredentialProvider>> ParseProviderConfig(
    const std::string& text, absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_PROVIDER_CONFIG_H_
