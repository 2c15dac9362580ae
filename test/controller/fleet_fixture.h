// A Prepull, the nodes that it is for, and what has become of them so far.
#ifndef PREPULL_TEST_CONTROLLER_FLEET_FIXTURE_H_
#define PREPULL_TEST_CONTROLLER_FLEET_FIXTURE_H_

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "src/controller/cluster_state.h"
#include "src/controller/node_fate.h"
#include "src/controller/node_group.h"

namespace prepull {

inline NodeView ReadyNode() {
  return {.os = "linux",
          .is_ready = true,
          .ready_changed = ApiTime("2026-01-01T00:00:00Z")};
}

inline NodeView DeadNode() {
  return {.os = "linux",
          .ready_changed = ApiTime("2026-01-02T03:00:00Z"),
          .why_not_ready = "NodeStatusUnknown: no status"};
}

inline JobCondition Ended(const std::string& type,
                          const std::string& reason = "") {
  return {.type = type, .reason = reason, .message = ""};
}

// The message of a run that failed for the images at `places`, of `total`.
inline std::string FailedMessage(const std::string& list_hash, int total,
                                 const std::vector<int>& places) {
  std::string failures;
  for (const int place : places) {
    absl::StrAppend(&failures, failures.empty() ? "" : ",", "[", place,
                    ",\"NotFound\",\"manifest unknown\"]");
  }
  const size_t failed = places.size();
  return absl::StrCat(total - failed, " of ", total, " images present; ",
                      failed, " failed (1.0s)\n{\"prepull\":1,\"run\":\"6f0c\"",
                      ",\"list\":\"", list_hash,
                      "\",\"code\":", failed > 0 ? 1 : 0, ",\"n\":[", total,
                      ",", total - failed, ",0,", failed,
                      ",0],\"bytes\":7,\"s\":1,\"f\":[", failures, "]}\n");
}

struct Fleet {
  Fleet() { SetList("quay.io/a:1\nquay.io/b:1\n"); }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  void SetList(absl::string_view text) {
    groups = *GroupsOf(spec, text, {});
    work.groups = &groups;
  }

  const NodeGroup& group() const { return groups.back(); }
  std::string hash() const { return group().list_hash; }

  // w001, w002 ...
  static std::string NodeName(int i) { return absl::StrFormat("w%03d", i); }
  void AddNodes(int count, const NodeView& node = ReadyNode()) {
    const int before = static_cast<int>(cluster.nodes.size());
    for (int i = 1; i <= count; ++i) {
      cluster.nodes[NodeName(before + i)] = node;
    }
  }

  // The Job for the present work on `node`.
  JobView WantedJob(const std::string& node) const {
    return {.name = NodeJobName("app", node, group(), work),
            .uid = "uid-of-" + node,
            .prepull = "app",
            .node = node,
            .list_hash = hash(),
            .task = std::string(NodeTaskName(work.task)),
            .round = work.round,
            .created = now - absl::Minutes(5)};
  }
  JobView OverJob(const std::string& node, const JobCondition& end) const {
    JobView job = WantedJob(node);
    job.sight.conditions = {end};
    return job;
  }
  JobView OlderJob(const std::string& node) const {
    JobView job = WantedJob(node);
    job.name = absl::StrCat("app-older-", node);
    job.list_hash = "ffffffffffffffff";
    return job;
  }

  PodView RunningPod(const std::string& node) const {
    PodView pod = {.prepull = "app",
                   .job_uid = "uid-of-" + node,
                   .created = now - absl::Minutes(4)};
    pod.sight.phase = "Running";
    return pod;
  }
  PodView EndedPodOf(const std::string& node, int code,
                     const std::string& message = "") const {
    PodView pod = RunningPod(node);
    pod.sight.phase = code == 0 ? "Succeeded" : "Failed";
    pod.sight.exit_code = code;
    pod.sight.message = message;
    pod.ended_at = "2026-01-02T03:04:00Z";
    return pod;
  }
  // One that is still there so long after the end of its grace period.
  PodView LeftPod(const std::string& node, absl::Duration past_due) const {
    PodView pod = RunningPod(node);
    pod.due = now - past_due;
    return pod;
  }

  NodeRecord RecordWith(const std::string& node, NodeState state) const {
    return {.job_uid = "uid-of-" + node,
            .list_hash = hash(),
            .task = std::string(NodeTaskName(work.task)),
            .round = work.round,
            .state = state,
            .ended_at = "2026-01-02T03:00:00Z",
            .pods = 1};
  }
  void PutRecord(const std::string& node, const NodeRecord& record) {
    shard.records[node] = record;
    cluster.PutShard(shard);
  }
  void PutRecord(const std::string& node, NodeState state) {
    PutRecord(node, RecordWith(node, state));
  }

  void PutJob(const JobView& job) { cluster.PutJob(job); }
  void PutPod(const PodView& pod) {
    cluster.PutPod(absl::StrCat("pod-", ++pods), pod);
  }

  const PrepullObjects& objects() const { return cluster.ObjectsOf("app"); }
  RecordMap Records() const { return RecordsIn(objects().shards, ""); }
  std::vector<NodeFate> Fates() const {
    const RecordMap records = Records();
    return FatesOf(spec, work, {cluster, objects(), records, now});
  }
  std::vector<JobStep> Steps() const {
    const RecordMap records = Records();
    return JobStepsOf(Fates(), asked, {cluster, objects(), records, now});
  }

  absl::Time now = ApiTime("2026-01-02T03:04:05Z");
  PrepullSpec spec;
  std::vector<NodeGroup> groups;
  Work work;
  ClusterState cluster;
  ShardView shard = {.name = "app-results-0", .prepull = "app", .version = "1"};
  std::set<std::string> asked;
  int pods = 0;
};

class FleetTest : public testing::Test, protected Fleet {};

}  // namespace prepull

#endif  // PREPULL_TEST_CONTROLLER_FLEET_FIXTURE_H_
