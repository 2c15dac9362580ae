// Reads what the node's own files say of registries, below the host's root.
//
// They are those of CRI-O and Podman (/etc/containers, and the certificates in
// /etc/docker) and of containerd (/etc/containerd/certs.d). The host is not
// trusted to keep them small or its links inside its root.
// Source:
// https://github.com/containers/image/blob/main/docs/containers-registries.conf.d.5.md
// https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md
#ifndef PREPULL_SRC_REGISTRY_NODE_FILES_H_
#define PREPULL_SRC_REGISTRY_NODE_FILES_H_

#include <string>

#include "prepull/base/file_system.h"
#include "src/registry/node_registries.h"

namespace prepull {

// Returns what the files below `host_root` say. A file that cannot be used is
// left out, with one warning that names it: the runtime, which would not start
// with it, has read it before it broke.
NodeRegistries ReadNodeRegistries(FileSystem& files,
                                  const std::string& host_root);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_NODE_FILES_H_
