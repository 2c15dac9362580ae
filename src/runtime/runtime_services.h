// Which optional services a runtime has.
#ifndef PREPULL_SRC_RUNTIME_RUNTIME_SERVICES_H_
#define PREPULL_SRC_RUNTIME_RUNTIME_SERVICES_H_

#include <grpcpp/channel.h>

#include <memory>

#include "absl/strings/string_view.h"
#include "prepull/runtime/downloads.h"
#include "prepull/runtime/image_records.h"
#include "prepull/runtime/leases.h"
#include "src/runtime/call_queue.h"

namespace prepull {

// Each is null where the runtime lacks it.
struct RuntimeServices {
  std::unique_ptr<Leases> leases = nullptr;
  std::unique_ptr<Downloads> downloads = nullptr;
  std::unique_ptr<ImageRecords> image_records = nullptr;
};

// Returns the services of the runtime of this name ("containerd"). `calls` must
// outlive them.
RuntimeServices MakeRuntimeServices(
    absl::string_view name, const std::shared_ptr<grpc::Channel>& channel,
    CallQueue& calls);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_RUNTIME_SERVICES_H_
