// A forward proxy on loopback: opens tunnels and passes requests on, whatever
// their host is called, to the port that they name on 127.0.0.1.
//
// Threads: safe to share.
#ifndef PREPULL_TEST_SUPPORT_PROXY_SERVER_H_
#define PREPULL_TEST_SUPPORT_PROXY_SERVER_H_

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"

namespace prepull {

class ProxyServer {
 public:
  // Listens from here on. With `refusal`, "407 Who", it answers nothing else.
  explicit ProxyServer(std::string refusal = "");
  ~ProxyServer();
  ProxyServer(const ProxyServer&) = delete;
  ProxyServer& operator=(const ProxyServer&) = delete;

  uint16_t port() const { return port_; }

  // The heads of what it was asked itself, each as it came.
  std::vector<std::string> requests() const;

 private:
  void AcceptAll();
  void Serve(int client);
  int Connect(absl::string_view request);

  const std::string refusal_;
  int fd_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::list<int> open_;  // sockets, until the server ends
  std::list<std::jthread> threads_;
  std::jthread acceptor_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_PROXY_SERVER_H_
