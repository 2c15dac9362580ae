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
  // In the order of the file; of a key that stands there twice the last.
  std::vector<KeyringEntry> entries = {};

  // What cannot be used and why: each names the file and the key, is printable
  // and shows no value.
  std::vector<std::string> warnings = {};

  // Of a folder: why one of its files could not be read this time. Empty if
  // all could.
  std::string unread = "";
};

// `path` is for the texts only. Errors: DATA_LOSS  it is no JSON: perhaps only
// half of it is written yet; INVALID_ARGUMENT  it is none that could be a
// docker config. The message names the path and shows nothing of the text.
absl::StatusOr<DockerConfig> ParseDockerConfig(absl::string_view text,
                                               absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_DOCKER_CONFIG_H_
