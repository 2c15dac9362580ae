// What the played components write: nodes, and the states of pods and Jobs, as
// a kubelet and the Job controller write them. Pure.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_CLUSTER_TEXTS_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_CLUSTER_TEXTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "test/support/kubernetes_api/pod_play.h"

namespace prepull {

// "2026-01-02T03:04:05Z"
std::string KubernetesTime(absl::Time time);

std::string NodeText(const FakeNode& node, absl::Time now);

// The condition Ready as a whole list of conditions: "True", "False" or
// "Unknown", since a time.
std::string NodeReadyPatch(absl::string_view status, absl::Time since,
                           absl::Time now);

// How the container of a pod ended.
struct ContainerEnd {
  int exit_code = 0;
  bool never_ran = false;   // then there is no code
  std::string reason = "";  // "Error", "OOMKilled"; "" = by the code
  std::string message = "";
  std::string pod_reason = "";  // "DeadlineExceeded", "Evicted"
  std::string pod_message = "";
  bool is_disruption = false;  // with the condition DisruptionTarget

  bool is_success() const {
    return exit_code == 0 && !never_ran && pod_reason.empty();
  }
};

// What a pod's status has of the pod.
struct PodFacts {
  std::string container = "";
  std::string image = "";
  absl::Time created = absl::UnixEpoch();
  absl::Time started = absl::UnixEpoch();  // its container
};

// Merge patches.
std::string UnschedulablePatch(const std::string& why, absl::Time now);
std::string BoundPatch(const std::string& node, absl::Time now);
std::string WaitingPatch(const PodFacts& pod, const std::string& reason,
                         const std::string& message, absl::Time now);
std::string RunningPatch(const PodFacts& pod, absl::Time now);
std::string EndedPatch(const PodFacts& pod, const ContainerEnd& end,
                       absl::Time now);

struct PlayedCondition {
  std::string type = "";
  std::string reason = "";
  std::string message = "";
  absl::Time at = absl::UnixEpoch();
};

struct JobStatus {
  absl::Time started = absl::UnixEpoch();
  int active = 0;
  int ready = 0;
  int succeeded = 0;
  int failed = 0;
  int terminating = 0;
  bool is_complete = false;
  std::vector<PlayedCondition> conditions = {};  // those that are True
};

std::string JobStatusPatch(const JobStatus& status);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_CLUSTER_TEXTS_H_
