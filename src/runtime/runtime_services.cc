#include "src/runtime/runtime_services.h"

#include "src/runtime/containerd_services.h"

namespace prepull {
namespace {

using Channel = std::shared_ptr<grpc::Channel>;

RuntimeServices OfContainerd(const Channel& channel, CallQueue& calls) {
  return {.leases = MakeContainerdLeases(channel, calls),
          .downloads = MakeContainerdDownloads(channel, calls),
          .image_records = MakeContainerdImageRecords(channel)};
}

// The runtimes with services beyond CRI. CRI-O has none on its socket.
struct Row {
  absl::string_view name;
  RuntimeServices (*make)(const Channel& channel, CallQueue& calls);
};
constexpr Row kRows[] = {{"containerd", OfContainerd}};

}  // namespace

RuntimeServices MakeRuntimeServices(absl::string_view name,
                                    const Channel& channel, CallQueue& calls) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.make(channel, calls);
  }
  return {};
}

}  // namespace prepull
