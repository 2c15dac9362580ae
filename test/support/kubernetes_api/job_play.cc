#include "test/support/kubernetes_api/job_play.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

// DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff in
// https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/job
constexpr absl::Duration kFirstPodPause = absl::Seconds(10);
constexpr absl::Duration kMaxPodPause = absl::Minutes(10);

bool Fits(const PodFailureRule& rule, const ContainerEnd& end) {
  if (!rule.condition.empty()) {
    return rule.condition == "DisruptionTarget" && end.is_disruption;
  }
  return !end.never_ran && rule.codes.contains(end.exit_code) == rule.is_in;
}

}  // namespace

void JobPlay::OnPodEnded(const std::string& pod, const ContainerEnd& end,
                         Instant now) {
  if (is_over_ || has_succeeded_) return;
  if (end.is_success()) {
    if (ends_pods()) return;
    status_.succeeded = 1;
    has_succeeded_ = true;
    return;
  }
  const auto rule =
      std::find_if(spec_.rules.begin(), spec_.rules.end(),
                   [&end](const auto& each) { return Fits(each, end); });
  const std::string action = rule == spec_.rules.end() ? "Count" : rule->action;
  if (action == "Ignore") {
    pod_due_ = now;
    return;
  }
  ++status_.failed;
  if (ends_pods()) return;
  if (action == "FailJob") {
    Fail("PodFailurePolicy",
         absl::StrCat("Container ", spec_.container, " for pod ",
                      spec_.name_space, "/", pod, " failed with exit code ",
                      end.exit_code, " matching FailJob rule at index ",
                      rule - spec_.rules.begin()));
  } else if (status_.failed > spec_.backoff_limit) {
    Fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  } else {
    pod_due_ = now + std::min(kFirstPodPause * std::exp2(status_.failed - 1),
                              kMaxPodPause);
  }
}

void JobPlay::OnDeadline() {
  if (is_ending()) return;
  Fail("DeadlineExceeded", "Job was active longer than specified deadline");
}

void JobPlay::Fail(const std::string& reason, const std::string& message) {
  failure_reason_ = reason;
  failure_message_ = message;
}

bool JobPlay::Step(const Pods& pods, absl::Time now) {
  if (is_over_ || !is_ending()) return false;
  const bool is_first = status_.conditions.empty();
  if (has_succeeded_) {
    is_over_ = !is_first;
    Add(is_first ? "SuccessCriteriaMet" : "Complete", "CompletionsReached",
        "Reached expected number of succeeded pods", now);
    status_.is_complete = is_over_;
    return true;
  }
  // Kubernetes shows Failed once no pod is left; on a node that is dead one
  // stays for ever.
  if (!is_first && pods.active + pods.terminating > 0) return false;
  is_over_ = !is_first;
  Add(is_first ? "FailureTarget" : "Failed", failure_reason_, failure_message_,
      now);
  return true;
}

void JobPlay::Add(const std::string& type, const std::string& reason,
                  const std::string& message, absl::Time now) {
  status_.conditions.push_back({type, reason, message, now});
}

JobStatus JobPlay::StatusWith(const Pods& pods) const {
  JobStatus status = status_;
  status.active = pods.active;
  status.ready = pods.ready;
  status.terminating = pods.terminating;
  return status;
}

}  // namespace prepull
