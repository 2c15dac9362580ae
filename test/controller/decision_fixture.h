// A Prepull that is decided about again and again, and done what was decided,
// without an API server.
#ifndef PREPULL_TEST_CONTROLLER_DECISION_FIXTURE_H_
#define PREPULL_TEST_CONTROLLER_DECISION_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/controller/decision.h"
#include "test/controller/fleet_fixture.h"

namespace prepull {

struct DecidedPrepull {
  DecidedPrepull() {
    prepull = {.name = "app", .uid = "uid-of-app", .generation = 1};
    prepull.spec->images = {"quay.io/a:1", "quay.io/b:1"};
    prepull.spec->inputs_hash = "inputs-1";
  }

  void AddNodes(int count, const NodeView& node = ReadyNode()) {
    const int before = static_cast<int>(cluster.nodes.size());
    for (int i = 1; i <= count; ++i) {
      cluster.nodes[Fleet::NodeName(before + i)] = node;
    }
  }

  Decision Decided() { return Decide(prepull, cluster, rules, memory, now); }

  // Does all that was decided, in the order of FLEET.md, or only `most` of it.
  void Do(const Decision& decision, int most = 1 << 30) {
    most_ = most;
    if (decision.begins_round) {
      TakeStatus(decision);
      return;
    }
    for (const ListWrite& list : decision.lists) {
      if (May()) PutList(list);
    }
    for (const ShardWrite& write : decision.records) {
      if (May()) PutRecords(write);
    }
    for (const JobStep& step : decision.steps) {
      if (step.kind == JobStep::Kind::kAskPods && May()) {
        memory.asked.insert(step.uid);
      } else if (step.kind == JobStep::Kind::kDelete && May()) {
        DeleteJob(step.job);
      }
    }
    for (const NodeJob& job : decision.jobs) {
      if (May()) MakeJob(job);
    }
    for (const std::string& name : decision.unused_lists) {
      if (May()) cluster.EraseConfigMap(name);
    }
    if (May()) TakeStatus(decision);
  }

  Decision Step() {
    const Decision decision = Decided();
    Do(decision);
    return decision;
  }
  // Until nothing happens any more without news.
  Decision Settle() {
    for (int i = 0; i < 5; ++i) Step();
    return Step();
  }

  const std::map<std::string, JobView>& Jobs() const {
    return cluster.ObjectsOf("app").jobs;
  }
  std::vector<std::string> NodesWithJobs() const {
    std::vector<std::string> nodes;
    for (const auto& [name, job] : Jobs()) nodes.push_back(job.node);
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }
  std::map<std::string, NodeRecord> Records() const {
    std::map<std::string, NodeRecord> records;
    for (const auto& [name, shard] : cluster.ObjectsOf("app").shards) {
      for (const auto& [node, record] : shard.records) {
        EXPECT_FALSE(records.contains(node)) << node << " is there twice";
        records[node] = record;
      }
    }
    return records;
  }

  // The Job there comes to its end, as a run with `code` of 0, 1 or 3 does.
  void EndJob(const std::string& node, int code) {
    for (const auto& [name, known] : Jobs()) {
      if (known.node != node) continue;
      JobView job = known;
      job.sight.conditions = {code == 0
                                  ? Ended("Complete")
                                  : Ended("Failed", "BackoffLimitExceeded")};
      PodView pod = {.prepull = "app", .job_uid = job.uid, .created = now};
      pod.sight.exit_code = code;
      pod.sight.message = FailedMessage(
          job.list_hash, 2, code == 0 ? std::vector<int>() : std::vector{1});
      cluster.PutPod(absl::StrCat("pod-of-", job.uid), pod);
      cluster.PutJob(job);
      return;
    }
  }
  // All Jobs end so, and those that follow them.
  void RunToTheEnd(int code) {
    Settle();
    for (int i = 0; i < 100 && !Jobs().empty(); ++i) {
      for (const std::string& node : NodesWithJobs()) EndJob(node, code);
      Settle();
    }
  }

  void Edit() { ++prepull.generation; }
  // Another controller takes over, or the same one after a crash.
  void ForgetAll() { memory = {}; }

  bool IsTrue(const std::string& type) const {
    const Condition* condition = prepull.status.Find(type);
    return condition != nullptr && condition->status == "True";
  }

  absl::Time now = ApiTime("2026-01-02T03:04:05Z");
  PrepullView prepull;
  ClusterState cluster;
  PrepullMemory memory;
  ControllerRules rules = {.name_space = "prepull"};
  int made_jobs = 0;

 private:
  bool May() { return most_-- > 0; }

  void TakeStatus(const Decision& decision) {
    const std::string text =
        StatusText(prepull, "prepull", decision.status, now);
    prepull.status = ViewOfPrepull(JsonDocument::Parse(text)->root()).status;
  }

  void PutList(const ListWrite& list) {
    cluster.PutList(list.name, {.prepull = "app",
                                .owner_uid = prepull.uid,
                                .hash = list.hash,
                                .inputs = list.inputs,
                                .text = list.text});
  }

  void PutRecords(const ShardWrite& write) {
    const auto& shards = cluster.ObjectsOf("app").shards;
    const auto found = shards.find(write.name);
    EXPECT_EQ(found == shards.end(), write.is_new);
    ShardView shard = {
        .name = write.name, .prepull = "app", .owner_uid = prepull.uid};
    if (found != shards.end()) shard = found->second;
    shard.version = absl::StrCat(++version_);
    for (const auto& [node, record] : write.records) {
      shard.records[node] = record;
    }
    for (const std::string& node : write.removed) shard.records.erase(node);
    cluster.PutShard(shard);
  }

  void DeleteJob(const std::string& name) {
    const JobView job = Jobs().at(name);
    if (IsOver(job)) {
      EXPECT_EQ(Records().at(job.node).job_uid, job.uid)
          << "is deleted before it is on record";
    }
    cluster.EraseJob(name);
    cluster.ErasePod(absl::StrCat("pod-of-", job.uid), nullptr);
  }

  void MakeJob(const NodeJob& job) {
    EXPECT_TRUE(cluster.ObjectsOf("app").lists.contains(job.list_config_map))
        << "is made before its list";
    EXPECT_EQ(prepull.status.round, job.round)
        << "is made before its round is told";
    EXPECT_FALSE(Jobs().contains(job.name));
    cluster.PutJob({.name = job.name,
                    .uid = absl::StrCat("uid-", ++made_jobs),
                    .prepull = "app",
                    .node = job.node,
                    .list_hash = job.list_hash,
                    .task = std::string(NodeTaskName(job.task)),
                    .round = job.round,
                    .created = now});
  }

  int most_ = 0;
  int version_ = 0;
};

class DecisionTest : public testing::Test, protected DecidedPrepull {};

}  // namespace prepull

#endif  // PREPULL_TEST_CONTROLLER_DECISION_FIXTURE_H_
