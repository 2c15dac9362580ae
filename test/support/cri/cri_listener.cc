#include "test/support/cri/cri_listener.h"

#include <grpc/grpc.h>

#include <cassert>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace prepull {

void CriListener::Start() {
  // Never shut down: after an answer that was larger than the socket's
  // buffer gRPC's last thread ends only ten seconds later.
  static const bool grpc_is_up = (grpc_init(), true);
  (void)grpc_is_up;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat("unix:", socket_),
                           grpc::InsecureServerCredentials());
  builder.SetMaxSendMessageSize(-1);
  for (grpc::Service* service : services_) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
  assert(server_ != nullptr);
}

void CriListener::Stop() {
  if (!is_up()) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

}  // namespace prepull
