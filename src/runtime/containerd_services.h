// The optional services over the channel of a CRI client: containerd serves its
// own on the socket of its CRI.
#ifndef PREPULL_SRC_RUNTIME_CONTAINERD_SERVICES_H_
#define PREPULL_SRC_RUNTIME_CONTAINERD_SERVICES_H_

#include <grpcpp/channel.h>

#include <memory>

#include "prepull/runtime/downloads.h"
#include "prepull/runtime/image_records.h"
#include "prepull/runtime/leases.h"
#include "src/runtime/call_queue.h"

namespace prepull {

// `calls` must outlive the services.
std::unique_ptr<Leases> MakeContainerdLeases(
    const std::shared_ptr<grpc::Channel>& channel, CallQueue& calls);
std::unique_ptr<Downloads> MakeContainerdDownloads(
    const std::shared_ptr<grpc::Channel>& channel, CallQueue& calls);
std::unique_ptr<ImageRecords> MakeContainerdImageRecords(
    const std::shared_ptr<grpc::Channel>& channel);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_CONTAINERD_SERVICES_H_
