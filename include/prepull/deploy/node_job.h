// The Job that brings one list to one node, as JSON for the API server. Pure.
//
// The controller makes one for each node. What it asks for comes from two
// sides: NodePods from the flags of the controller's Deployment, NodeJob from a
// Prepull, which may say which images and never what a pod is allowed.
#ifndef PREPULL_DEPLOY_NODE_JOB_H_
#define PREPULL_DEPLOY_NODE_JOB_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/deploy/deployment.h"

namespace prepull {

// Of a Job and of its pods: the name of the Prepull.
inline constexpr absl::string_view kPrepullLabel = "prepull.dev/prepull";
// Of a Job. A node's name may be longer than a label.
inline constexpr absl::string_view kNodeAnnotation = "prepull.dev/node";
inline constexpr absl::string_view kListAnnotation = "prepull.dev/list";
inline constexpr absl::string_view kRoundAnnotation = "prepull.dev/round";
inline constexpr absl::string_view kTaskAnnotation = "prepull.dev/task";

// What all Jobs of a controller have in common.
struct NodePods {
  std::string name_space = "";
  std::string image = "";  // of prepull
  std::string service_account = "prepull-node";
  Flavor flavor = Flavor::kVanilla;
  std::string cri_socket = "";      // on the host; "" = that of the flavour
  std::string storage_folder = "";  // on the host: the runtime's images
  Amounts requests = {.cpu = "10m", .memory = "16Mi"};
  Amounts limits = {.memory = "256Mi"};
};

enum class NodeTask {
  kFetch,
  kCheck,  // preflight, and whether all images are there; pulls nothing
};

// "Fetch", "Check"; the container's name and its command are the same in lower
// case.
absl::string_view NodeTaskName(NodeTask task);

struct NodeJob {
  std::string name = "";
  std::string prepull = "";
  std::string prepull_uid = "";
  std::string node = "";
  NodeTask task = NodeTask::kFetch;
  int64_t round = 1;
  std::string list_hash = "";
  std::string list_config_map = "";              // it has the key images.txt
  absl::Time deadline = absl::InfiniteFuture();  // of all its pods
  absl::Duration timeout = absl::Minutes(30);    // the same, from the creation
  int64_t retry_times = 0;  // further pods; a check is never repeated
  // Secrets of kind dockerconfigjson: for all images, and for lines that name
  // one. A pod starts without one that is missing, and fetch says so.
  std::vector<std::string> secrets = {};
  std::vector<std::string> line_secrets = {};
  std::string priority_class = "";
  std::vector<std::string> check_items = {};  // disk, cpu, mem
  std::string space_required = "";            // "35GiB"
};

// Returns the Job, owned by its Prepull.
std::string NodeJobJson(const NodeJob& job, const NodePods& pods);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_NODE_JOB_H_
