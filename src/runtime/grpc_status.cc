#include "src/runtime/grpc_status.h"

namespace prepull {

absl::Status FromGrpc(const grpc::Status& status, bool we_cancelled) {
  if (status.ok()) return absl::OkStatus();
  absl::StatusCode code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kCancelled && !we_cancelled) {
    code = absl::StatusCode::kAborted;
  }
  return absl::Status(code, status.error_message());
}

}  // namespace prepull
