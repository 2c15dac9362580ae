// prepull on a cluster: the Kubernetes objects that run it, as YAML.
//
// Pure: typed options in, text out. The options hold what names.h and
// list_text.h have let through; whatever they hold, the text is sound YAML.
#ifndef PREPULL_DEPLOY_DEPLOYMENT_H_
#define PREPULL_DEPLOY_DEPLOYMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
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
  std::string storage_folder = "";  // on the host: the runtime's images
  bool pin = false;
  std::string concurrency = "";
  std::optional<int> nice = std::nullopt;
  std::string ionice_class = "";
  std::optional<int> ionice_priority = std::nullopt;
  absl::Duration overall_timeout = absl::Minutes(20);
  std::string node_label = "";  // as fetch takes it; needs the API server
  std::vector<std::string> fetch_flags = {};  // further ones, as they are

  // Where the pods may run, and what they get there.
  std::vector<Label> node_selector = {};
  std::vector<Toleration> tolerations = {};
  std::string priority_class = "";
  // Of fetch. Measured, peak of memory and CPU time: 9 MiB and 0.04 s for 20
  // images; up to 65 MiB and 2.5 s for 15,000, whose list is close to 1 MiB;
  // 120 MiB for 38,000 short names, the most that a ConfigMap may hold. The
  // request is for the usual list; a limit reserves nothing, so it is twice
  // what the most takes. No limit on the CPU: it would only make prepull late.
  Amounts requests = {.cpu = "10m", .memory = "16Mi"};
  Amounts limits = {.memory = "256Mi"};

  // Of a Job only.
  absl::Duration deadline = absl::ZeroDuration();  // zero = as long as it takes
  int backoff_limit = 2;
  absl::Duration kept_for = absl::Hours(24);  // when it has ended
};

// The socket that is mounted: the one that was named, or the flavour's.
std::string SocketOf(const DeploymentOptions& options);

// Errors: INVALID_ARGUMENT  its folder would hide one that the pod has for
// itself, or be hidden by it.
absl::Status CheckSocketFolder(const DeploymentOptions& options);

// What a Job needs to run fetch backoff_limit + 1 times, each for
// overall_timeout, with Kubernetes' pauses between them.
absl::Duration TimeForAllTries(const DeploymentOptions& options);

// The arguments of the container that fetches.
std::vector<std::string> FetchArguments(const DeploymentOptions& options);

// All objects, in the order in which they can be created.
std::string RenderDeployment(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_DEPLOYMENT_H_
