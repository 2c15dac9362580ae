// What became of a node's Job, from what Kubernetes shows of it. Pure.
//
// A Job says less than it seems: it is not over between two pods, it is over
// with FailureTarget while its last pod still runs, and its reason does not
// tell a run that is out of time from one whose image does not exist. The pod's
// exit code does. Source:
// https://kubernetes.io/docs/concepts/workloads/controllers/job/
#ifndef PREPULL_KUBE_JOB_STATE_H_
#define PREPULL_KUBE_JOB_STATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/run/exit_code.h"

namespace prepull {

enum class NodeState {
  kNotStarted,   // no Job yet
  kPreparing,    // a Job of an older list is being deleted
  kStarting,     // a Job, and no pod of it runs yet
  kActive,       // a pod runs, or the next one is to come
  kSucceeded,    // every image is on the node
  kTimedOut,     // out of time: can be continued
  kFailed,       // anything else
  kUnreachable,  // the node does not answer
};

// "NotStarted", "Preparing" and so on.
absl::string_view NodeStateName(NodeState state);

// What TALM's pre-caching calls it; "" for kUnreachable, which it has not.
absl::string_view TalmName(NodeState state);

// A condition of the Job that is True.
struct JobCondition {
  std::string type = "";    // "Complete", "Failed", "FailureTarget"
  std::string reason = "";  // "DeadlineExceeded"
  std::string message = "";
};

struct JobSight {
  bool is_older = false;  // of another list, or being deleted
  int active = 0;
  int succeeded = 0;
  int failed = 0;
  std::vector<JobCondition> conditions = {};
};

// The newest pod of the Job.
struct PodSight {
  std::string phase = "";         // "Pending", "Running", "Succeeded", "Failed"
  std::string reason = "";        // of the pod: "DeadlineExceeded", "Evicted"
  std::string waiting = "";       // the scheduler's or the kubelet's own words
  bool outlives_its_end = false;  // 30 s after its grace period it is there
  // Of the container fetch, once it has ended.
  std::optional<int> exit_code = std::nullopt;
  std::string message = "";  // its termination message
};

// What is known of one node; what does not exist is null.
struct NodeSight {
  bool is_ready = true;
  const JobSight* job = nullptr;
  const PodSight* pod = nullptr;
  // How the run ended that is on record for this Job.
  std::optional<ExitCode> record = std::nullopt;
};

struct NodeVerdict {
  NodeState state = NodeState::kNotStarted;
  std::string why = "";  // in one line; may be empty
};

NodeVerdict NodeStateOf(const NodeSight& sight);

// The state in which TALM sees a Job: it knows running pods, Succeeded, and
// Failed for one of two reasons; all else is an error for it.
// Source: controllers/managedClusterResources.go of
// https://github.com/openshift-kni/cluster-group-upgrades-operator
NodeState TalmStateOf(const JobSight* job);

}  // namespace prepull

#endif  // PREPULL_KUBE_JOB_STATE_H_
