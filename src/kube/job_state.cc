#include "prepull/kube/job_state.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

constexpr absl::string_view kDeadlineExceeded = "DeadlineExceeded";

struct StateRow {
  NodeState state;
  absl::string_view name;
  absl::string_view talm;
};

constexpr std::array<StateRow, 8> kStates = {
    {{NodeState::kNotStarted, "NotStarted", "NotStarted"},
     {NodeState::kPreparing, "Preparing", "PreparingToStart"},
     {NodeState::kStarting, "Starting", "Starting"},
     {NodeState::kActive, "Active", "Active"},
     {NodeState::kSucceeded, "Succeeded", "Succeeded"},
     {NodeState::kTimedOut, "TimedOut", "PrecacheTimeout"},
     {NodeState::kFailed, "Failed", "UnrecoverableError"},
     {NodeState::kUnreachable, "Unreachable", ""}}};

const StateRow& RowOf(NodeState state) {
  return kStates[static_cast<size_t>(state)];
}

const JobCondition* Find(const JobSight& job, absl::string_view type) {
  const auto found = std::find_if(
      job.conditions.begin(), job.conditions.end(),
      [type](const JobCondition& each) { return each.type == type; });
  return found != job.conditions.end() ? &*found : nullptr;
}

// Kubernetes shows FailureTarget first, and Failed once no pod is left.
const JobCondition* Failure(const JobSight& job) {
  const JobCondition* failed = Find(job, "Failed");
  return failed != nullptr ? failed : Find(job, "FailureTarget");
}

NodeState AfterCode(ExitCode code) {
  switch (FactsOf(code).result) {
    case RunResult::kSucceeded:
      return NodeState::kSucceeded;
    case RunResult::kIncomplete:
      return NodeState::kTimedOut;
    case RunResult::kFailed:
      break;
  }
  return NodeState::kFailed;
}

std::string Sentence(const JobCondition& condition) {
  return condition.message.empty()
             ? condition.reason
             : absl::StrCat(condition.reason, ": ", condition.message);
}

// The first line of what the pod left, which is for people.
std::string LastWords(const PodSight& pod) {
  return pod.message.substr(0, pod.message.find('\n'));
}

NodeVerdict AfterFailure(const JobCondition& failure, const PodSight* pod) {
  NodeVerdict verdict = {NodeState::kFailed, Sentence(failure)};
  if (pod != nullptr && pod->exit_code) {
    verdict.state = AfterCode(static_cast<ExitCode>(*pod->exit_code));
    if (!pod->message.empty()) verdict.why = LastWords(*pod);
  }
  const bool is_out_of_time =
      failure.reason == kDeadlineExceeded ||
      (pod != nullptr && pod->reason == kDeadlineExceeded);
  if (is_out_of_time) verdict.state = NodeState::kTimedOut;
  return verdict;
}

NodeVerdict WhileItRuns(const JobSight& job, const PodSight* pod) {
  const bool is_running = pod != nullptr && pod->phase == "Running";
  if (is_running || job.failed > 0) return {NodeState::kActive};
  return {NodeState::kStarting, pod != nullptr ? pod->waiting : ""};
}

}  // namespace

absl::string_view NodeStateName(NodeState state) { return RowOf(state).name; }

absl::string_view TalmName(NodeState state) { return RowOf(state).talm; }

NodeVerdict NodeStateOf(const NodeSight& sight) {
  if (sight.record) return {AfterCode(*sight.record)};
  if (sight.job == nullptr) {
    return {sight.is_ready ? NodeState::kNotStarted : NodeState::kUnreachable};
  }
  const JobSight& job = *sight.job;
  if (job.is_older) return {NodeState::kPreparing};
  if (Find(job, "Complete") != nullptr) return {NodeState::kSucceeded};
  const JobCondition* failure = Failure(job);
  if (failure == nullptr) return WhileItRuns(job, sight.pod);
  const bool is_left_alone =
      !sight.is_ready && sight.pod != nullptr && sight.pod->outlives_its_end;
  if (is_left_alone) return {NodeState::kUnreachable, Sentence(*failure)};
  return AfterFailure(*failure, sight.pod);
}

NodeState TalmStateOf(const JobSight* job) {
  if (job == nullptr) return NodeState::kStarting;
  if (job->active > 0) return NodeState::kActive;
  if (job->succeeded > 0) return NodeState::kSucceeded;
  const JobCondition* failed = Find(*job, "Failed");
  return failed != nullptr && failed->reason == kDeadlineExceeded
             ? NodeState::kTimedOut
             : NodeState::kFailed;
}

}  // namespace prepull
