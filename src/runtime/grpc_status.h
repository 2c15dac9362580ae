// gRPC's answer as absl::Status: the same code and text, but a CANCELLED that
// this process did not request becomes ABORTED.
//
// CRI-O and containerd end a slow pull by themselves with CANCELLED
// (https://github.com/cri-o/cri-o/issues/8760); taken by number it would look
// like our own stop and never be retried.
#ifndef PREPULL_SRC_RUNTIME_GRPC_STATUS_H_
#define PREPULL_SRC_RUNTIME_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace prepull {

absl::Status FromGrpc(const grpc::Status& status, bool we_cancelled);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_GRPC_STATUS_H_
