#include "src/runtime/blocking_call.h"

#include "src/runtime/grpc_status.h"

namespace prepull {

gpr_timespec DeadlineIn(absl::Duration timeout) {
  return gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_nanos(absl::ToInt64Nanoseconds(timeout), GPR_TIMESPAN));
}

absl::Status BlockingCall(
    absl::Duration timeout, const std::stop_token& stop,
    absl::FunctionRef<grpc::Status(grpc::ClientContext&)> call) {
  grpc::ClientContext context;
  context.set_deadline(DeadlineIn(timeout));
  std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  return FromGrpc(call(context), stop.stop_requested());
}

}  // namespace prepull
