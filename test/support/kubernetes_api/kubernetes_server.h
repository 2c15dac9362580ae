// Serves a FakeKubernetes by HTTP/1.1 on loopback.
//
// A thread for each connection, which closes it where the fake lets one break.
// Threads: made and destroyed by one.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_KUBERNETES_SERVER_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_KUBERNETES_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "prepull/http/http_client.h"
#include "test/support/certificates.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"

namespace prepull {

class KubernetesServer {
 public:
  struct Setup {
    uint16_t port = 0;  // 0 = one that is free
    // Plain HTTP without one.
    std::optional<Certificate> certificate = std::nullopt;
    // Answers what is not Kubernetes' business, or returns nothing. Called on
    // any thread.
    std::function<std::optional<HttpResponse>(const HttpRequest&)> other_pages =
        nullptr;
  };

  // Listens at 127.0.0.1.
  KubernetesServer(FakeKubernetes& kubernetes, const Setup& setup);
  ~KubernetesServer();
  KubernetesServer(const KubernetesServer&) = delete;
  KubernetesServer& operator=(const KubernetesServer&) = delete;

  // 0: it could not listen.
  uint16_t port() const;

 private:
  class Listener;

  const std::unique_ptr<Listener> listener_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_KUBERNETES_SERVER_H_
