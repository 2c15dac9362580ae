// ContainerRuntime over a CRI socket.
#ifndef PREPULL_RUNTIME_CRI_CLIENT_H_
#define PREPULL_RUNTIME_CRI_CLIENT_H_

#include <memory>
#include <string>

#include "prepull/runtime/container_runtime.h"

namespace prepull {

// A client of the runtime at `socket`, a path. Connects lazily and again
// whenever the connection is lost.
std::unique_ptr<ContainerRuntime> MakeCriClient(const std::string& socket);

// Of the gRPC library this was built with.
std::string GrpcVersion();

}  // namespace prepull

#endif  // PREPULL_RUNTIME_CRI_CLIENT_H_
