// A call that its caller waits for.
#ifndef PREPULL_SRC_RUNTIME_BLOCKING_CALL_H_
#define PREPULL_SRC_RUNTIME_BLOCKING_CALL_H_

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <stop_token>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace prepull {

// A deadline on the monotonic clock, which gRPC keeps as such.
gpr_timespec DeadlineIn(absl::Duration timeout);

// Makes `call` with a context that ends it at `timeout` and at `stop`.
absl::Status BlockingCall(
    absl::Duration timeout, const std::stop_token& stop,
    absl::FunctionRef<grpc::Status(grpc::ClientContext&)> call);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_BLOCKING_CALL_H_
