// One list, many nodes: brings every Prepull of a namespace to its end, with
// Kubernetes as the engine.
//
// It watches Prepulls, nodes, and the Jobs, pods and ConfigMaps that it has
// made, decides from these alone (src/controller/decision.h), and writes the
// difference. So it may be killed at any moment, and two of them do no harm.
//
// Threads: Run on one; Page from any.
#ifndef PREPULL_CONTROLLER_CONTROLLER_H_
#define PREPULL_CONTROLLER_CONTROLLER_H_

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/deploy/node_job.h"
#include "prepull/http/http_client.h"
#include "prepull/http/http_server.h"
#include "prepull/kube/kube_client.h"
#include "prepull/source/image_list.h"

namespace prepull {

struct ControllerOptions {
  NodePods pods = {};  // whose namespace is the one that is watched
  // Which Secrets of the namespace a Prepull may name.
  std::vector<std::string> allowed_secrets = {};
  // How registries are asked for sources.
  ListInputs sources = {};
};

class Controller {
 public:
  // All of it must outlive the controller.
  struct Seams {
    Host& host;
    FileSystem& files;
    Clock& clock;
    HttpClient& http;
  };

  Controller(ControllerOptions options, ApiServer server, const Seams& seams);
  ~Controller();

  // Works until `stop` is requested; what it has begun to write is finished.
  void Run(const std::stop_token& stop);

  // /healthz, /readyz and /metrics.
  HttpPage Page(absl::string_view path) const;

 private:
  class Loop;

  const std::unique_ptr<Loop> loop_;
};

}  // namespace prepull

#endif  // PREPULL_CONTROLLER_CONTROLLER_H_
