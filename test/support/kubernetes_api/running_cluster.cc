#include "test/support/kubernetes_api/running_cluster.h"

#include <stop_token>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace prepull {

RunningCluster::RunningCluster(const FakeKubernetes::Options& kubernetes,
                               const FakeCluster::Options& cluster)
    : kubernetes_(clock_, kubernetes),
      cluster_(kubernetes_, clock_, cluster),
      server_(kubernetes_, {.certificate = authority_.Sign(
                                "IP:127.0.0.1", absl::ZeroDuration())}) {
  cluster_.OnNews([this] { wakeup_.Notify(); });
  player_ = std::jthread([this](const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { wakeup_.Notify(); });
    while (!stop.stop_requested()) {
      cluster_.Turn();
      clock_.WaitUntil(cluster_.next(), wakeup_);
    }
  });
}

RunningCluster::~RunningCluster() { cluster_.OnNews(nullptr); }

std::string RunningCluster::Kubeconfig(const std::string& name_space) const {
  return absl::StrCat(
      "apiVersion: v1\nkind: Config\ncurrent-context: fake\n"
      "contexts: [{name: fake, context: {cluster: fake, user: fake, "
      "namespace: ",
      name_space,
      "}}]\nusers: [{name: fake, user: {token: fake}}]\n"
      "clusters: [{name: fake, cluster: {server: \"https://127.0.0.1:",
      server_.port(),
      "\", certificate-authority-data: ", absl::Base64Escape(authority_.pem()),
      "}}]\n");
}

}  // namespace prepull
