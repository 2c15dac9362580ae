// prepull on a cluster: the Kubernetes objects that run it, as YAML.
//
// Pure: typed options in, text out. The options hold what names.h and
// list_text.h have let through; whatever they hold, the text is sound YAML.
#ifndef PREPULL_DEPLOY_DEPLOYMENT_H_
#define PREPULL_DEPLOY_DEPLOYMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace prepull {

enum class Workload {
  kDaemonSet,  // on every node, now and when nodes join
  kJob,        // once, on one node: single-node OpenShift
};

enum class Flavor { kVanilla, kOpenShift };

struct Label {
  std::string key;
  std::string value;
};

// An empty key tolerates every taint; an empty effect every effect.
struct Toleration {
  std::string key = "";
  std::optional<std::string> value = std::nullopt;  // none: whatever it is
  std::string effect = "";
};

// Kubernetes quantities; empty = not said.
struct Amounts {
  std::string cpu = "";
  std::string memory = "";
};

struct DeploymentOptions {
  Workload workload = Workload::kDaemonSet;
  std::string name;
  std::string image;
  std::string list;  // as ListText() returns it
  Flavor flavor = Flavor::kVanilla;
  std::string name_space = "default";
  bool with_namespace = false;

  // How fetch is called; what is not said is left to its own defaults.
  std::string cri_socket = "";  // on the host; empty = the flavour's
  std::string secret = "";      // a dockerconfigjson Secret
  std::vector<std::string> line_secrets = {};  // those that lines name
  std::string status_folder = "";              // on the host
  bool pin = false;
  std::string concurrency = "";
  std::optional<int> nice = std::nullopt;
  std::string ionice_class = "";
  std::optional<int> ionice_priority = std::nullopt;
  absl::Duration overall_timeout = absl::Minutes(20);

  // Where the pods may run, and what they get there.
  std::vector<Label> node_selector = {};
  std::vector<Toleration> tolerations = {};
  std::string priority_class = "";
  // Measured: 8.5 MB at the peak for 1 GB pulled, 31 MB for a list of 10,000,
  // 0.03 s of CPU time. No limit on the CPU: it would only make prepull late.
  Amounts requests = {.cpu = "10m", .memory = "16Mi"};
  Amounts limits = {.memory = "64Mi"};

  // Of a Job only.
  absl::Duration deadline = absl::ZeroDuration();  // zero = as long as it takes
  int backoff_limit = 2;
  absl::Duration kept_for = absl::Hours(24);  // when it has ended
};

// The socket that is mounted: the one that was named, or the flavour's.
std::string SocketOf(const DeploymentOptions& options);

// What a Job needs to run fetch backoff_limit + 1 times, each for
// overall_timeout, with Kubernetes' pauses between them.
absl::Duration TimeForAllTries(const DeploymentOptions& options);

// The arguments of the container that fetches.
std::vector<std::string> FetchArguments(const DeploymentOptions& options);

// All objects, in the order in which they can be created.
std::string RenderDeployment(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_DEPLOYMENT_H_
