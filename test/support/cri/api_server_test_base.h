// For tests of what fetch tells the Kubernetes API: an API server over TLS, and
// the folder of a service account that trusts it.
#ifndef PREPULL_TEST_SUPPORT_CRI_API_SERVER_TEST_BASE_H_
#define PREPULL_TEST_SUPPORT_CRI_API_SERVER_TEST_BASE_H_

#include <string>
#include <utility>
#include <vector>

#include "test/support/certificates.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/http_server.h"

namespace prepull {

class ApiServerE2eTest : public E2eTest {
 protected:
  ApiServerE2eTest() {
    folder_.Write("token", "first-token");
    folder_.Write("namespace", "team");
    folder_.Write("ca.crt", authority_.pem());
  }

  // Fetch in a pod of this API server's cluster.
  ProcessSetup PodSetup(std::vector<std::string> words) {
    words.insert(words.end(), {"--service-account-dir", folder_.Path("")});
    return {.arguments = FetchWords(std::move(words)),
            .environment = {
                {"KUBERNETES_SERVICE_HOST", "127.0.0.1"},
                {"KUBERNETES_SERVICE_PORT", std::to_string(api_.port())},
                {"NODE_NAME", "worker-1"}}};
  }

  // The bodies of the requests whose paths contain `what`.
  std::vector<std::string> BodiesTo(const std::string& what) const {
    std::vector<std::string> bodies;
    for (const std::string& request : api_.requests()) {
      const std::string line = request.substr(0, request.find("\r\n"));
      if (line.find(what) == std::string::npos) continue;
      bodies.push_back(request.substr(request.find("\r\n\r\n") + 4));
    }
    return bodies;
  }

  CertificateAuthority authority_;
  HttpServer api_{authority_.Sign("IP:127.0.0.1")};
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_API_SERVER_TEST_BASE_H_
