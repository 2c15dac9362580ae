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

JobStep StepOver(const JobView& job, const JobPods& pods, bool is_ready,
                 bool was_asked, absl::Time now) {
  JobStep step = StepFor(job, JobStep::Kind::kLeave);
  const bool knows_end = !pods.empty() && pods.back()->sight.exit_code;
  if (!knows_end && !HasNoMorePods(job)) {
    const bool is_lost =
        !pods.empty() && !is_ready && now - pods.back()->due > kOutlives;
    if (!is_lost) {
      if (!pods.empty()) {
        step.look_again = pods.back()->due + kOutlives + absl::Seconds(1);
      }
      return step;
    }
  } else if (!knows_end && !was_asked) {
    step.kind = JobStep::Kind::kAskPods;
    return step;
  }
  step.kind = JobStep::Kind::kRecord;
  step.record = RecordOf(job, pods, is_ready, now);
  return step;
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
                              const ClusterState& cluster,
                              const PrepullObjects& objects,
                              const RecordMap& records, absl::Time now) {
  const std::map<std::string, const JobView*> jobs = JobsByNode(objects);
  std::vector<NodeFate> fates;
  for (ChosenNode& chosen : ChooseNodes(spec, cluster.nodes)) {
    NodeFate fate = {.chosen = std::move(chosen)};
    const std::string& name = fate.chosen.name;
    const NodeView* node = fate.chosen.node;
    static const LabelMap* const kNoLabels = new LabelMap();
    fate.group = &(*work.groups)[GroupOfNode(
        spec, node != nullptr ? node->labels : *kNoLabels)];
    const auto job = jobs.find(name);
    if (job != jobs.end()) {
      fate.job = job->second;
      fate.pods = cluster.PodsOf(fate.job->uid);
    }
    const auto known = records.find(name);
    if (!fate.chosen.why_not.empty()) {
      fate.verdict = {NodeState::kFailed, fate.chosen.why_not};
      fate.has_ended = true;
    } else if (known != records.end() &&
               IsEndOf(*known->second.record, *fate.group, work)) {
      fate.record = known->second.record;
      fate.verdict = {fate.record->state, fate.record->why};
      fate.has_ended = true;
    } else if (fate.job != nullptr) {
      const bool is_wanted =
          !fate.job->is_deleting &&
          fate.job->name ==
              NodeJobName(fate.job->prepull, name, *fate.group, work);
      fate.verdict =
          VerdictOfJob(*fate.job, fate.pods, node->is_ready, is_wanted, now);
    } else {
      fate.verdict = {
          node->is_ready ? NodeState::kNotStarted : NodeState::kUnreachable,
          node->why_not_ready};
    }
    fates.push_back(std::move(fate));
  }
  return fates;
}

std::vector<JobStep> JobStepsOf(const std::vector<NodeFate>& fates,
                                const ClusterState& cluster,
                                const PrepullObjects& objects,
                                const RecordMap& records,
                                const std::set<std::string>& asked,
                                absl::Time now) {
  std::set<const JobView*> wanted;
  for (const NodeFate& fate : fates) {
    const bool is_wanted = fate.job != nullptr && !fate.has_ended &&
                           fate.verdict.state != NodeState::kPreparing;
    if (is_wanted) wanted.insert(fate.job);
  }
  std::vector<JobStep> steps;
  for (const auto& [name, job] : objects.jobs) {
    // One that no watch has shown yet has no uid.
    if (job.is_deleting || job.uid.empty()) continue;
    const auto known = records.find(job.node);
    const bool is_recorded =
        known != records.end() && known->second.record->job_uid == job.uid;
    if (is_recorded) {
      steps.push_back(StepFor(job, JobStep::Kind::kDelete));
    } else if (IsOver(job) && CheckDnsSubdomain(job.node).ok()) {
      steps.push_back(StepOver(job, cluster.PodsOf(job.uid),
                               IsReady(cluster, job.node),
                               asked.contains(job.uid), now));
    } else if (!wanted.contains(&job)) {
      steps.push_back(StepFor(job, JobStep::Kind::kDelete));
    }
  }
  return steps;
}

}  // namespace prepull
