// RuntimeExtension over the channel of a CRI client: containerd serves its own
// services on the socket of its CRI.
#ifndef PREPULL_SRC_RUNTIME_CONTAINERD_EXTENSION_H_
#define PREPULL_SRC_RUNTIME_CONTAINERD_EXTENSION_H_

#include <grpcpp/channel.h>

#include <memory>

#include "prepull/runtime/runtime_extension.h"
#include "src/runtime/call_queue.h"

namespace prepull {

// `calls` must live as long as the extension is used.
std::unique_ptr<RuntimeExtension> MakeContainerdExtension(
    const std::shared_ptr<grpc::Channel>& channel, CallQueue& calls);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_CONTAINERD_EXTENSION_H_
