// What the played components read of Jobs and nodes. Pure.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_JOB_SIGHT_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_JOB_SIGHT_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prepull {

// A rule of a Job's podFailurePolicy.
struct PodFailureRule {
  std::string action = "";     // FailJob Ignore Count
  std::string condition = "";  // of the pod; or exit codes:
  std::string container = "";
  bool is_in = true;
  std::set<int> codes = {};
};

struct JobSpecSight {
  std::string name = "";
  std::string name_space = "";
  std::string uid = "";
  std::string node = "";       // by nodeAffinity; "" = anywhere
  std::string list_hash = "";  // the annotation prepull.dev/list
  std::string list_map = "";   // the ConfigMap that its pods mount
  std::string container = "";
  std::string image = "";
  int64_t backoff_limit = 6;
  std::optional<absl::Duration> deadline = std::nullopt;
  std::optional<absl::Duration> pod_deadline = std::nullopt;
  absl::Duration grace = absl::Seconds(30);
  std::vector<PodFailureRule> rules = {};
  bool tolerates_all = false;
};

JobSpecSight ReadJobSpec(absl::string_view job);

// Returns the pod that a Job's controller makes.
std::string PodTextOf(absl::string_view job, const std::string& pod_name,
                      const std::string& uid);

// The lines that are not empty in images.txt of a ConfigMap.
size_t CountImages(absl::string_view config_map);

// The taints that are in the way of a pod without tolerations: "key: value"...
// or "".
std::string TaintsOf(absl::string_view node);

// A merge patch that puts those taints on the node that the node's controller
// gives to one that does not answer, or takes them away.
std::string UnreachablePatch(absl::string_view node, bool is_unreachable,
                             const std::string& now);
// The same for what `kubectl cordon` does.
std::string CordonPatch(absl::string_view node, bool is_cordoned);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_JOB_SIGHT_H_
