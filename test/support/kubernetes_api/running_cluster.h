// A fake cluster that other processes reach: its time is the machine's, and its
// API server listens with TLS.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_RUNNING_CLUSTER_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_RUNNING_CLUSTER_H_

#include <string>
#include <thread>

#include "prepull/base/clock.h"
#include "test/support/certificates.h"
#include "test/support/kubernetes_api/fake_cluster.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/kubernetes_api/kubernetes_server.h"

namespace prepull {

// Threads: made and destroyed by one.
class RunningCluster {
 public:
  explicit RunningCluster(const FakeKubernetes::Options& kubernetes = {},
                          const FakeCluster::Options& cluster = {});
  ~RunningCluster();
  RunningCluster(const RunningCluster&) = delete;
  RunningCluster& operator=(const RunningCluster&) = delete;

  FakeKubernetes& kubernetes() { return kubernetes_; }
  FakeCluster& cluster() { return cluster_; }

  // A kubeconfig for it, as YAML.
  std::string Kubeconfig(const std::string& name_space) const;

 private:
  SystemClock clock_;
  FakeKubernetes kubernetes_;
  FakeCluster cluster_;
  const CertificateAuthority authority_;
  const KubernetesServer server_;
  Wakeup wakeup_;
  std::jthread player_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_RUNNING_CLUSTER_H_
