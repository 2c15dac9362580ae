// Serves a FakeKubernetes by plain HTTP/1.1 on loopback.
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
#include "test/support/kubernetes_api/fake_kubernetes.h"

namespace prepull {

class KubernetesServer {
 public:
  // Answers what is not Kubernetes' business, or returns nothing. Called on any
  // thread.
  using OtherPages =
      std::function<std::optional<HttpResponse>(const HttpRequest&)>;

  // Listens at 127.0.0.1; `port` 0 = one that is free.
  explicit KubernetesServer(FakeKubernetes& kubernetes, uint16_t port = 0,
                            OtherPages other_pages = nullptr);
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
