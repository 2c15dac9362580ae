// The Kubernetes objects that run prepull on a cluster, as YAML. Pure.
//
// The options must have passed the checks of names.h and list_text.h; the
// result is valid YAML whatever they are.
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

// Who reads the Job's status. TALM's reader knows pods that run, Complete, and
// Failed for DeadlineExceeded or BackoffLimitExceeded; all else is an error.
enum class JobReader { kAnyone, kTalm };

// A key and a value: a label, an annotation, a variable.
struct Label {
  std::string key;
  std::string value;
};

// An empty key tolerates every taint; an empty effect every effect.
struct Toleration {
  std::string key = "";
  std::optional<std::string> value = std::nullopt;  // nothing: any value
  std::string effect = "";
};

// Whom the objects of the namespace belong to: they go when it goes.
struct Owner {
  std::string api_version = "";  // "apps/v1"
  std::string kind = "";
  std::string name = "";
  std::string uid = "";
};

// Kubernetes quantities; "" = not set.
struct Amounts {
  std::string cpu = "";
  std::string memory = "";
};

// The same Job on many clusters, by a hub of Open Cluster Management.
struct Hub {
  std::string placement = "";  // which clusters: a Placement beside the work
  std::string name_space = "default";  // of both, on the hub
  std::string max_concurrency = "10";  // clusters at once, or a share
  std::string max_failures = "0";      // from which on no other cluster starts
  // What a cluster may take; zero = the Job's deadline and five minutes.
  absl::Duration progress_deadline = absl::ZeroDuration();
};

struct DeploymentOptions {
  Workload workload = Workload::kDaemonSet;
  std::string name;
  std::string image;
  std::string list = "";       // its normal form
  std::string list_hash = "";  // its ListHash
  Flavor flavor = Flavor::kVanilla;
  std::string name_space = "default";
  bool with_namespace = false;
  // Of all objects but the Namespace, and of the pods.
  std::vector<Label> labels = {};
  std::vector<Label> annotations = {};
  std::optional<Owner> owner = std::nullopt;

  // The flags of fetch; those that are not set have its defaults.
  std::string cri_socket = "";  // on the host; "" = that of the flavour
  std::string secret = "";      // a dockerconfigjson Secret
  std::vector<std::string> line_secrets = {};  // of list lines
  std::string status_folder = "";              // on the host
  std::string storage_folder = "";  // on the host: the runtime's images
  bool pin = false;
  bool watch_connections = false;  // with what a pod needs for it
  std::string concurrency = "";
  std::optional<int> nice = std::nullopt;
  std::string ionice_class = "";
  std::optional<int> ionice_priority = std::nullopt;
  absl::Duration overall_timeout = absl::Minutes(20);
  absl::Duration start_jitter = absl::ZeroDuration();
  std::string node_label = "";        // as for fetch; needs the API server
  std::string result_configmap = "";  // the same
  absl::Duration result_every = absl::ZeroDuration();
  std::vector<Label> environment = {};
  std::vector<std::string> fetch_flags = {};  // further ones, unchanged

  // Where the pods run, and their resources.
  std::vector<Label> node_selector = {};
  std::vector<Toleration> tolerations = {};
  std::string priority_class = "";
  // Of fetch. Measured peak memory and CPU time: 9 MiB and 0.04 s for 20
  // images; up to 65 MiB and 2.5 s for 15,000, whose list is close to 1 MiB;
  // 120 MiB for 38,000 short names, the maximum of a ConfigMap. The request is
  // for the usual list; a limit reserves nothing, so it is twice the maximum.
  // No CPU limit: it would only delay prepull.
  Amounts requests = {.cpu = "10m", .memory = "16Mi"};
  Amounts limits = {.memory = "256Mi"};

  // Of a DaemonSet only.
  std::string max_nodes = "25%";  // without an available pod while it rolls

  // Of a Job only.
  JobReader reader = JobReader::kAnyone;
  absl::Duration deadline = absl::ZeroDuration();  // zero = TimeForAllTries
  int backoff_limit = 2;
  absl::Duration kept_for = absl::Hours(24);  // after its end; zero = for ever
  // Not empty: it fetches nothing, needs no list, and removes the status file
  // of this name in status_folder; `name` is another.
  std::string cleans = "";
  bool unpins = false;  // and before that the pins of the images in it
  std::optional<Hub> hub = std::nullopt;
};

// Returns the socket to mount: the given one, or that of the flavour.
std::string SocketOf(const DeploymentOptions& options);

// Errors: INVALID_ARGUMENT  the folder of the socket would hide a folder of
// the pod, or be hidden by it.
absl::Status CheckSocketFolder(const DeploymentOptions& options);

// Returns how long a Job takes at most to run fetch backoff_limit + 1 times,
// each for overall_timeout, with the backoff of Kubernetes in between and five
// minutes for pods that do not start. A pod that still runs when a Job's time
// is over is deleted with its message; before it, every pod has ended by itself
// or by the deadline of its own.
absl::Duration TimeForAllTries(const DeploymentOptions& options);

// Returns the arguments of the fetch container.
std::vector<std::string> FetchArguments(const DeploymentOptions& options);

// Returns when a Job ends, whatever becomes of its pods.
absl::Duration JobDeadline(const DeploymentOptions& options);

// Returns all objects as YAML, in the order in which they can be created; for a
// hub the one object that brings them to its clusters.
std::string RenderDeployment(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_DEPLOYMENT_H_
