// How a test in another process changes the fake cluster: POST /fake/...
//
//   /fake/nodes/NAME/VERB     add remove cordon uncordon stop-kubelet power-off
//                             start
//   /fake/scripts[/NAME]      what the pods of that node (or all others) do:
//                             [{"takes":1.5,"exit_code":1,
//                               "failures":[[0,"NotFound","text"]]}, ...]
//   /fake/faults              {"kind":"refuse","verb":"create",
//                              "resource":"jobs","http_status":429, ...}
//   /fake/watches/KIND        a fault for all watches that are open
//   /fake/heal  /fake/compact  /fake/away  /fake/back
//
// Seconds are numbers. What each does is said in fake_cluster.h, pod_play.h and
// kubernetes_fault.h.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_CONTROL_PAGES_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_CONTROL_PAGES_H_

#include <optional>
#include <string>
#include <vector>

#include "prepull/http/http_client.h"
#include "test/support/kubernetes_api/fake_cluster.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"

namespace prepull {

class ControlPages {
 public:
  // Both must outlive the pages.
  ControlPages(FakeKubernetes& kubernetes, FakeCluster& cluster)
      : kubernetes_(kubernetes), cluster_(cluster) {}

  // Nothing for a request that is none of these.
  std::optional<HttpResponse> Answer(const HttpRequest& request);

 private:
  // Whether there is such a page, and it was asked in order.
  bool Do(const std::vector<std::string>& words, const std::string& body);
  bool DoNode(const std::string& name, const std::string& verb);
  bool SetScript(const std::vector<std::string>& words,
                 const std::string& body);
  bool AddFault(const std::string& body);

  FakeKubernetes& kubernetes_;
  FakeCluster& cluster_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_CONTROL_PAGES_H_
