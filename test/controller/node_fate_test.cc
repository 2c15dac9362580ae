#include "src/controller/node_fate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "test/controller/fleet_fixture.h"

namespace prepull {
namespace {

using ::testing::StartsWith;

struct FateRow {
  std::string what;
  std::function<void(Fleet&)> given;
  NodeState state;
  bool has_ended = false;
  std::string why = "";
};

// Each row begins with one node that is ready.
void CheckFates(const std::vector<FateRow>& rows) {
  for (const FateRow& row : rows) {
    Fleet fleet;
    fleet.AddNodes(1);
    row.given(fleet);
    const NodeFate fate = fleet.Fates().at(0);
    EXPECT_EQ(NodeStateName(fate.verdict.state), NodeStateName(row.state))
        << row.what;
    EXPECT_EQ(fate.has_ended, row.has_ended) << row.what;
    EXPECT_THAT(fate.verdict.why, StartsWith(row.why)) << row.what;
  }
}

using NodeFateTest = FleetTest;

TEST_F(NodeFateTest, ANodeWithoutAJobHasNotStartedOrDoesNotAnswer) {
  CheckFates({
      {"ready", [](Fleet&) {}, NodeState::kNotStarted},
      {"not ready", [](Fleet& t) { t.cluster.nodes["w001"] = DeadNode(); },
       NodeState::kUnreachable, false, "NodeStatusUnknown"},
      {"named, and not there", [](Fleet& t) { t.spec.node_names = {"gone"}; },
       NodeState::kFailed, true, "there is no such node"},
  });
}

TEST_F(NodeFateTest, ANodeWithAJobThatIsNotOver) {
  CheckFates({
      {"no pod yet", [](Fleet& t) { t.PutJob(t.WantedJob("w001")); },
       NodeState::kStarting},
      {"the pod waits",
       [](Fleet& t) {
         t.PutJob(t.WantedJob("w001"));
         PodView pod = t.RunningPod("w001");
         pod.sight = {.phase = "Pending", .waiting = "Unschedulable: full"};
         t.PutPod(pod);
       },
       NodeState::kStarting, false, "Unschedulable: full"},
      {"the pod runs",
       [](Fleet& t) {
         t.PutJob(t.WantedJob("w001"));
         t.PutPod(t.RunningPod("w001"));
       },
       NodeState::kActive},
      {"between two pods",
       [](Fleet& t) {
         JobView job = t.WantedJob("w001");
         job.sight.failed = 1;
         t.PutJob(job);
         t.PutPod(t.EndedPodOf("w001", 1));
       },
       NodeState::kActive},
      {"on a node that does not answer",
       [](Fleet& t) {
         t.cluster.nodes["w001"] = DeadNode();
         t.PutJob(t.WantedJob("w001"));
         t.PutPod(t.RunningPod("w001"));
       },
       NodeState::kActive},
      {"of an older list", [](Fleet& t) { t.PutJob(t.OlderJob("w001")); },
       NodeState::kPreparing},
      {"of an earlier round",
       [](Fleet& t) {
         t.PutJob(t.WantedJob("w001"));
         t.work.round = 2;
       },
       NodeState::kPreparing},
      {"being deleted",
       [](Fleet& t) {
         t.PutJob(t.WantedJob("w001"));
         t.cluster.MarkDeleted(t.WantedJob("w001").name);
       },
       NodeState::kPreparing},
  });
}

// Its state is known; it has ended once that is on record.
TEST_F(NodeFateTest, ANodeWithAJobThatIsOver) {
  const auto over = [](const JobCondition& end, int code) {
    return [end, code](Fleet& t) {
      t.PutJob(t.OverJob("w001", end));
      t.PutPod(t.EndedPodOf("w001", code));
    };
  };
  const std::string tries = "BackoffLimitExceeded";
  CheckFates({
      {"complete", over(Ended("Complete"), 0), NodeState::kSucceeded},
      {"code 1", over(Ended("Failed", tries), 1), NodeState::kFailed},
      {"code 2", over(Ended("Failed", "PodFailurePolicy"), 2),
       NodeState::kFailed},
      {"code 3", over(Ended("Failed", "PodFailurePolicy"), 3),
       NodeState::kTimedOut},
      {"killed", over(Ended("Failed", tries), 137), NodeState::kFailed},
      {"a code that is not ours", over(Ended("Failed", tries), -9),
       NodeState::kFailed},
      {"the Job's deadline", over(Ended("Failed", "DeadlineExceeded"), 137),
       NodeState::kTimedOut},
      {"FailureTarget", over(Ended("FailureTarget", tries), 1),
       NodeState::kFailed},
      {"no pod is left",
       [tries](Fleet& t) {
         t.PutJob(t.OverJob("w001", Ended("Failed", tries)));
       },
       NodeState::kFailed, false, tries},
      {"the pod outlives its end on a node that does not answer",
       [](Fleet& t) {
         t.cluster.nodes["w001"] = DeadNode();
         t.PutJob(
             t.OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
         t.PutPod(t.LeftPod("w001", absl::Seconds(31)));
       },
       NodeState::kUnreachable, false, "DeadlineExceeded"},
      {"it does so on a node that does",
       [](Fleet& t) {
         t.PutJob(
             t.OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
         t.PutPod(t.LeftPod("w001", absl::Seconds(31)));
       },
       NodeState::kTimedOut},
  });
}

TEST_F(NodeFateTest, ANodeThatIsOnRecord) {
  const auto recorded = [](NodeState state,
                           std::function<void(NodeRecord&)> change = {}) {
    return [state, change](Fleet& t) {
      NodeRecord record = t.RecordWith("w001", state);
      record.why = "words";
      if (change) change(record);
      t.PutRecord("w001", record);
    };
  };
  const auto other_list = [](NodeRecord& r) { r.list_hash = "ffffffff"; };
  const auto other_task = [](NodeRecord& r) { r.task = "Check"; };
  const auto other_round = [](NodeRecord& r) { r.round = 7; };
  CheckFates({
      {"succeeded", recorded(NodeState::kSucceeded), NodeState::kSucceeded,
       true, "words"},
      {"failed", recorded(NodeState::kFailed), NodeState::kFailed, true,
       "words"},
      {"timed out", recorded(NodeState::kTimedOut), NodeState::kTimedOut, true},
      // It is asked again.
      {"was not reached", recorded(NodeState::kUnreachable),
       NodeState::kNotStarted},
      {"another list", recorded(NodeState::kSucceeded, other_list),
       NodeState::kNotStarted},
      {"another task", recorded(NodeState::kSucceeded, other_task),
       NodeState::kNotStarted},
      {"succeeded in another round",
       recorded(NodeState::kSucceeded, other_round), NodeState::kSucceeded,
       true},
      {"failed in another round", recorded(NodeState::kFailed, other_round),
       NodeState::kNotStarted},
      {"succeeded, and does not answer now",
       [recorded](Fleet& t) {
         recorded(NodeState::kSucceeded)(t);
         t.cluster.nodes["w001"] = DeadNode();
       },
       NodeState::kSucceeded, true},
  });
}

TEST_F(NodeFateTest, ANodeIsInTheGroupOfItsLabels) {
  spec.overrides = {{.nodes = {.labels = {{"region", "east"}}},
                     .images = {{"Registry", "replace", "east.example"}}}};
  SetList("quay.io/a:1\n");
  AddNodes(2);
  cluster.nodes["w002"].labels = {{"region", "east"}};

  const std::vector<NodeFate> fates = Fates();

  EXPECT_EQ(fates[0].group, &groups[1]);
  EXPECT_EQ(fates[1].group, &groups[0]);
}

TEST_F(NodeFateTest, JobsAreNamedByTheirWork) {
  const std::string name = NodeJobName("app", "w001", group(), work);
  NodeGroup other_list = group();
  other_list.list_hash = "ffffffffffffffff";

  EXPECT_EQ(name.size(), std::string("app-").size() + 10);
  EXPECT_EQ(NodeJobName("app", "w001", group(), work), name);
  EXPECT_NE(NodeJobName("app", "w002", group(), work), name);
  EXPECT_NE(NodeJobName("app", "w001", other_list, work), name);
  EXPECT_NE(NodeJobName("app", "w001", group(), {.round = 2}), name);
  EXPECT_NE(NodeJobName("app", "w001", group(), {.task = NodeTask::kCheck}),
            name);
}

TEST_F(NodeFateTest, TheNewestRecordOfANodeCounts) {
  NodeRecord older = RecordWith("w001", NodeState::kFailed);
  older.ended_at = "2026-01-02T02:00:00Z";
  cluster.PutShard({.name = "app-results-1",
                    .prepull = "app",
                    .records = {{"w001", older}}});
  PutRecord("w001", NodeState::kSucceeded);
  cluster.PutShard({.name = "app-results-2",
                    .prepull = "app",
                    .records = {{"w001", older}}});

  const RecordMap records = Records();

  EXPECT_EQ(records.at("w001").shard, "app-results-0");
  EXPECT_EQ(records.at("w001").record->state, NodeState::kSucceeded);
}

}  // namespace
}  // namespace prepull
