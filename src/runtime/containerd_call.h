// How a call of one of containerd's own services begins, and how the parts of
// an answer are handed over.
#ifndef PREPULL_SRC_RUNTIME_CONTAINERD_CALL_H_
#define PREPULL_SRC_RUNTIME_CONTAINERD_CALL_H_

#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "prepull/runtime/running_call.h"
#include "src/runtime/blocking_call.h"
#include "src/runtime/call_queue.h"

namespace prepull {

// containerd refuses every call of its own services without it.
inline void SetNamespace(grpc::ClientContext& context) {
  context.AddMetadata("containerd-namespace", "k8s.io");
}

inline void Prepare(grpc::ClientContext& context, absl::Duration timeout) {
  SetNamespace(context);
  context.set_deadline(DeadlineIn(timeout));
}

// Makes a call and waits for its end.
inline absl::Status BlockingContainerdCall(
    const CallLimit& limit,
    absl::FunctionRef<grpc::Status(grpc::ClientContext&)> call) {
  return BlockingCall(limit.timeout, limit.stop,
                      [&](grpc::ClientContext& context) {
                        SetNamespace(context);
                        return call(context);
                      });
}

// Gives `done` what was collected, or the error.
template <typename Value>
std::function<void(absl::Status)> Handing(std::shared_ptr<Value> collected,
                                          AnswerDone<Value> done) {
  return [collected = std::move(collected),
          done = std::move(done)](const absl::Status& status) {
    if (!status.ok()) {
      done(status);
    } else {
      done(std::move(*collected));
    }
  };
}

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_CONTAINERD_CALL_H_
