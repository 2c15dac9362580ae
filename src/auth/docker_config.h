// Reads docker's config.json, which is also a pull secret's .dockerconfigjson,
// and the older flat .dockercfg. Pure.
//
// Source:
// https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
// https://docs.docker.com/reference/cli/docker/login/#credential-stores
#ifndef PREPULL_SRC_AUTH_DOCKER_CONFIG_H_
#define PREPULL_SRC_AUTH_DOCKER_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/auth/keyring.h"

namespace prepull {

struct DockerConfig {
  // In the order of the file; of a repeated key the last.
  std::vector<KeyringEntry> entries = {};

  // Unusable entries and why: each names the file and the key, is printable and
  // shows no value.
  std::vector<std::string> warnings = {};

  // Why a file of a folder could not be read this time; empty if all could.
  std::string unread = "";

  // Why a folder has no entry although nothing in it is wrong; else empty.
  std::string empty = "";
};

// Errors: DATA_LOSS  invalid JSON: the file may be half written;
// INVALID_ARGUMENT  not a docker config. Messages name `path` and show nothing
// of `text`.
absl::StatusOr<DockerConfig> ParseDockerConfig(absl::string_view text,
                                               absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_DOCKER_CONFIG_H_
