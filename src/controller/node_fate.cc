#include "src/controller/node_fate.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/hash.h"
#include "prepull/deploy/names.h"

namespace prepull {
namespace {

// A pod that is still there so long after the end of its grace period is on a
// node that does not answer.
constexpr absl::Duration kOutlives = absl::Seconds(30);

bool HasCondition(const JobView& job, absl::string_view type) {
  return std::any_of(
      job.sight.conditions.begin(), job.sight.conditions.end(),
      [type](const JobCondition& each) { return each.type == type; });
}

// Complete or Failed is there once no pod of the Job runs any more.
bool HasNoMorePods(const JobView& job) {
  return HasCondition(job, "Complete") || HasCondition(job, "Failed");
}

bool IsReady(const ClusterState& cluster, const std::string& node) {
  const auto found = cluster.nodes.find(node);
  return found != cluster.nodes.end() && found->second.is_ready;
}

PodSight SightAt(const PodView& pod, absl::Time now) {
  PodSight sight = pod.sight;
  sight.outlives_its_end = now - pod.due > kOutlives;
  return sight;
}

NodeVerdict VerdictOfJob(const JobView& job, const JobPods& pods, bool is_ready,
                         bool is_wanted, absl::Time now) {
  JobSight sight = job.sight;
  sight.is_older = !is_wanted;
  PodSight pod;
  if (!pods.empty()) pod = SightAt(*pods.back(), now);
  return NodeStateOf({.is_ready = is_ready,
                      .job = &sight,
                      .pod = pods.empty() ? nullptr : &pod});
}

// The Job of each node; of several, which only an edit can cause, the oldest.
std::map<std::string, const JobView*> JobsByNode(
    const PrepullObjects& objects) {
  std::map<std::string, const JobView*> jobs;
  for (const auto& [name, job] : objects.jobs) {
    const JobView*& slot = jobs[job.node];
    if (slot == nullptr || job.created < slot->created) slot = &job;
  }
  return jobs;
}

NodeRecord RecordOf(const JobView& job, const JobPods& pods, bool is_ready,
                    absl::Time now) {
  const NodeVerdict verdict =
      VerdictOfJob(job, pods, is_ready, /*is_wanted=*/true, now);
  NodeRecord record = {.job_uid = job.uid,
                       .list_hash = job.list_hash,
                       .task = job.task,
                       .round = job.round,
                       .state = verdict.state,
                       .why = verdict.why,
                       .ended_at = ApiTimeText(now),
                       .pods = static_cast<int64_t>(pods.size())};
  if (!pods.empty()) {
    record.code = pods.back()->sight.exit_code;
    TakeMachineLine(pods.back()->sight.message, record);
  }
  if (record.line.empty() && verdict.state != NodeState::kUnreachable) {
    const absl::string_view between = record.why.empty() ? "" : "; ";
    absl::StrAppend(&record.why, between, "the pod left no result");
  }
  return record;
}

JobStep StepFor(const JobView& job, JobStep::Kind kind) {
  return {.kind = kind, .job = job.name, .uid = job.uid, .node = job.node};
}

// What the Job's last pod has come to, as far as it is seen.
enum class LastPod {
  kUnknown,  // it may still end
  kEnded,
  kLost,  // it outlives its end on a node that does not answer
  kGone,  // there is none any more, and how it ended is not known
};

LastPod LastPodOf(const JobView& job, const JobPods& pods, bool is_ready,
                  absl::Time now) {
  if (!pods.empty() && pods.back()->sight.exit_code) return LastPod::kEnded;
  if (pods.empty() || HasNoMorePods(job)) return LastPod::kGone;
  const bool is_lost = !is_ready && now - pods.back()->due > kOutlives;
  return is_lost ? LastPod::kLost : LastPod::kUnknown;
}

JobStep StepOver(const JobView& job, bool was_asked, const Known& known) {
  const JobPods pods = known.cluster.PodsOf(job.uid);
  const bool is_ready = IsReady(known.cluster, job.node);
  JobStep step = StepFor(job, JobStep::Kind::kRecord);
  switch (LastPodOf(job, pods, is_ready, known.now)) {
    case LastPod::kUnknown:
      step.kind = JobStep::Kind::kLeave;
      step.look_again = pods.back()->due + kOutlives + absl::Seconds(1);
      return step;
    case LastPod::kGone:
      if (was_asked) break;
      step.kind = JobStep::Kind::kAskPods;
      return step;
    case LastPod::kEnded:
    case LastPod::kLost:
      break;
  }
  step.record = RecordOf(job, pods, is_ready, known.now);
  return step;
}

const LabelMap& LabelsOf(const ChosenNode& chosen) {
  static const LabelMap* const none = new LabelMap();
  return chosen.node != nullptr ? chosen.node->labels : *none;
}

// The end of the present work that is on record; null: there is none.
const NodeRecord* EndOnRecord(const NodeFate& fate, const Work& work,
                              const RecordMap& records) {
  const auto known = records.find(fate.chosen.name);
  if (known == records.end()) return nullptr;
  const NodeRecord* record = known->second.record;
  return IsEndOf(*record, *fate.group, work) ? record : nullptr;
}

// Of a node that has not ended.
NodeVerdict VerdictOf(const NodeFate& fate, const Work& work, absl::Time now) {
  const NodeView& node = *fate.chosen.node;
  if (fate.job == nullptr) {
    return {node.is_ready ? NodeState::kNotStarted : NodeState::kUnreachable,
            node.why_not_ready};
  }
  const JobView& job = *fate.job;
  const bool is_wanted =
      !job.is_deleting &&
      job.name == NodeJobName(job.prepull, fate.chosen.name, *fate.group, work);
  return VerdictOfJob(job, fate.pods, node.is_ready, is_wanted, now);
}

}  // namespace

std::string NodeJobName(absl::string_view prepull, absl::string_view node,
                        const NodeGroup& group, const Work& work) {
  const std::string what =
      absl::StrCat(node, "\n", group.list_hash, "\n", NodeTaskName(work.task),
                   "\n", work.round);
  return absl::StrCat(prepull, "-", Sha256Hex(what).substr(0, 10));
}

RecordMap RecordsIn(const std::map<std::string, ShardView>& shards,
                    absl::string_view prepull_uid) {
  RecordMap records;
  for (const auto& [name, shard] : shards) {
    if (shard.owner_uid != prepull_uid) continue;
    for (const auto& [node, record] : shard.records) {
      KnownRecord& known = records[node];
      const bool is_newer =
          known.record == nullptr || record.ended_at > known.record->ended_at;
      if (is_newer) known = {.shard = name, .record = &record};
    }
  }
  return records;
}

bool IsEndOf(const NodeRecord& record, const NodeGroup& group,
             const Work& work) {
  if (record.list_hash != group.list_hash ||
      record.task != NodeTaskName(work.task)) {
    return false;
  }
  if (record.state == NodeState::kSucceeded) return true;
  return record.round == work.round && record.state != NodeState::kUnreachable;
}

bool IsOver(const JobView& job) {
  return HasNoMorePods(job) || HasCondition(job, "FailureTarget");
}

std::vector<NodeFate> FatesOf(const PrepullSpec& spec, const Work& work,
                              const Known& known) {
  const std::map<std::string, const JobView*> jobs = JobsByNode(known.objects);
  std::vector<NodeFate> fates;
  for (ChosenNode& chosen : ChooseNodes(spec, known.cluster.nodes)) {
    NodeFate fate = {.chosen = std::move(chosen)};
    fate.group = &(*work.groups)[GroupOfNode(spec, LabelsOf(fate.chosen))];
    const auto job = jobs.find(fate.chosen.name);
    if (job != jobs.end()) {
      fate.job = job->second;
      fate.pods = known.cluster.PodsOf(fate.job->uid);
    }
    if (!fate.chosen.why_not.empty()) {
      fate.verdict = {NodeState::kFailed, fate.chosen.why_not};
      fate.has_ended = true;
    } else if (const NodeRecord* end = EndOnRecord(fate, work, known.records)) {
      fate.record = end;
      fate.verdict = {end->state, end->why};
      fate.has_ended = true;
    } else {
      fate.verdict = VerdictOf(fate, work, known.now);
    }
    fates.push_back(std::move(fate));
  }
  return fates;
}

std::vector<JobStep> JobStepsOf(const std::vector<NodeFate>& fates,
                                const std::set<std::string>& asked,
                                const Known& known) {
  std::set<const JobView*> wanted;
  for (const NodeFate& fate : fates) {
    const bool is_wanted = fate.job != nullptr && !fate.has_ended &&
                           fate.verdict.state != NodeState::kPreparing;
    if (is_wanted) wanted.insert(fate.job);
  }
  std::vector<JobStep> steps;
  for (const auto& [name, job] : known.objects.jobs) {
    // One that no watch has shown yet has no uid.
    if (job.is_deleting || job.uid.empty()) continue;
    const auto found = known.records.find(job.node);
    const bool is_recorded = found != known.records.end() &&
                             found->second.record->job_uid == job.uid;
    // What is no name of a node is no key of a record either.
    const bool is_to_record =
        !is_recorded && IsOver(job) && CheckDnsSubdomain(job.node).ok();
    if (is_to_record) {
      steps.push_back(StepOver(job, asked.contains(job.uid), known));
    } else if (is_recorded || !wanted.contains(&job)) {
      steps.push_back(StepFor(job, JobStep::Kind::kDelete));
    }
  }
  return steps;
}

}  // namespace prepull
