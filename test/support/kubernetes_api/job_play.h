// What the Job controller makes of one Job and the ends of its pods. Pure.
//
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_JOB_PLAY_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_JOB_PLAY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "test/support/kubernetes_api/cluster_texts.h"
#include "test/support/kubernetes_api/job_sight.h"

namespace prepull {

class JobPlay {
 public:
  // Pods that have not ended.
  struct Pods {
    int active = 0;
    int ready = 0;
    int terminating = 0;
  };

  JobPlay(JobSpecSight spec, absl::Time now, Instant due)
      : spec_(std::move(spec)), status_{.started = now}, pod_due_(due) {}

  const JobSpecSight& spec() const { return spec_; }

  void OnPodEnded(const std::string& pod, const ContainerEnd& end, Instant now);
  void OnDeadline();

  // Whether a pod is to be made, and when.
  bool wants_pod(const Pods& pods) const {
    return !is_ending() && pods.active == 0 && pods.terminating == 0;
  }
  Instant pod_due() const { return pod_due_; }

  // Whether its pods are to be deleted.
  bool ends_pods() const { return !failure_reason_.empty(); }

  // Adds the next condition, if it is time for one. Returns whether it was.
  bool Step(const Pods& pods, absl::Time now);
  bool is_over() const { return is_over_; }

  JobStatus StatusWith(const Pods& pods) const;

 private:
  bool is_ending() const { return has_succeeded_ || ends_pods(); }
  void Fail(const std::string& reason, const std::string& message);
  void Add(const std::string& type, const std::string& reason,
           const std::string& message, absl::Time now);

  const JobSpecSight spec_;
  JobStatus status_;
  Instant pod_due_;
  bool has_succeeded_ = false;
  std::string failure_reason_;
  std::string failure_message_;
  bool is_over_ = false;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_JOB_PLAY_H_
