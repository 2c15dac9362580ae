// A gRPC server on a unix socket, for the fake runtimes.
#ifndef PREPULL_TEST_SUPPORT_CRI_CRI_LISTENER_H_
#define PREPULL_TEST_SUPPORT_CRI_CRI_LISTENER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace prepull {

class CriListener {
 public:
  // The services must outlive this.
  CriListener(std::string socket, std::vector<grpc::Service*> services)
      : socket_(std::move(socket)), services_(std::move(services)) {}
  ~CriListener() { Stop(); }
  CriListener(const CriListener&) = delete;
  CriListener& operator=(const CriListener&) = delete;

  const std::string& socket() const { return socket_; }

  // Listens until Stop, which cancels the calls that are running and waits for
  // their ends.
  void Start();
  void Stop();
  bool is_up() const { return server_ != nullptr; }

 private:
  const std::string socket_;
  const std::vector<grpc::Service*> services_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_CRI_LISTENER_H_
