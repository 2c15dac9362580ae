// One answer of the fake runtime's gRPC server.
#ifndef PREPULL_TEST_SUPPORT_CRI_REACTOR_H_
#define PREPULL_TEST_SUPPORT_CRI_REACTOR_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace prepull {

inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

// The end of one call, which deletes itself when gRPC is done with it.
class Reactor : public grpc::ServerUnaryReactor {
 public:
  void OnDone() override { delete this; }
  void OnCancel() override {
    if (on_cancel) on_cancel();
  }
  std::function<void()> on_cancel;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_REACTOR_H_
