// Reads a kubeconfig: the server, the user and the namespace of its current
// context.
//
// A user has a client certificate, a token or a token file. What has the client
// do otherwise is an error and not left out: credential plugins, passwords,
// another user's name, a proxy, a server whose certificate is not checked.
// Where kubectl takes one of two, so do we: data over a file, but a token file
// over a token.
//
// Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
#ifndef PREPULL_KUBE_KUBECONFIG_H_
#define PREPULL_KUBE_KUBECONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "prepull/kube/api_server.h"

namespace prepull {

struct Kubeconfig {
  ApiServer server = {};
  std::string object_namespace = "default";
};

// `path` is the text's own, in whose folder relative paths begin. Pure. Errors:
// INVALID_ARGUMENT  names `path` and the field.
absl::StatusOr<Kubeconfig> ParseKubeconfig(const std::string& text,
                                           const std::string& path);

// At most 1 MiB. Errors, besides: others as errno says.
absl::StatusOr<Kubeconfig> ReadKubeconfig(const std::string& path,
                                          FileSystem& files);

}  // namespace prepull

#endif  // PREPULL_KUBE_KUBECONFIG_H_
