#include "src/controller/node_fate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "test/controller/fleet_fixture.h"

namespace prepull {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
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

class NodeFateTest : public FleetTest {
 protected:
  JobStep OnlyStep() const {
    const std::vector<JobStep> steps = Steps();
    EXPECT_THAT(steps, SizeIs(1));
    return steps.empty() ? JobStep() : steps.front();
  }
};

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

TEST_F(NodeFateTest, AJobThatRunsIsLeft) {
  AddNodes(1);
  PutJob(WantedJob("w001"));
  PutPod(RunningPod("w001"));

  EXPECT_THAT(Steps(), IsEmpty());
}

TEST_F(NodeFateTest, AJobThatNoWatchHasShownIsLeft) {
  AddNodes(1);
  JobView job = OlderJob("w001");
  job.uid = "";
  PutJob(job);

  EXPECT_THAT(Steps(), IsEmpty());
}

TEST_F(NodeFateTest, AnEndWithItsPodIsRecorded) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Failed", "BackoffLimitExceeded")));
  PodView first = EndedPodOf("w001", 4);
  first.created = now - absl::Minutes(9);
  PutPod(first);
  PutPod(EndedPodOf("w001", 1, FailedMessage(hash(), 2, {1})));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kRecord);
  EXPECT_EQ(step.node, "w001");
  EXPECT_EQ(step.uid, "uid-of-w001");
  EXPECT_EQ(step.record.job_uid, "uid-of-w001");
  EXPECT_EQ(step.record.list_hash, hash());
  EXPECT_EQ(step.record.task, "Fetch");
  EXPECT_EQ(step.record.round, 1);
  EXPECT_EQ(step.record.state, NodeState::kFailed);
  EXPECT_EQ(step.record.why, "1 of 2 images present; 1 failed (1.0s)");
  EXPECT_EQ(step.record.ended_at, "2026-01-02T03:04:05Z");
  EXPECT_EQ(step.record.pods, 2);
  EXPECT_EQ(step.record.code, 1);
  EXPECT_EQ(step.record.counts.pulled, 1);
  ASSERT_THAT(step.record.failures, SizeIs(1));
  EXPECT_EQ(step.record.failures[0].image, 1);
}

// It is shown first; with a dead node nothing else ever comes.
TEST_F(NodeFateTest, AnEndIsRecordedWithItsFailureTarget) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "BackoffLimitExceeded")));
  PutPod(EndedPodOf("w001", 1));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kRecord);
}

TEST_F(NodeFateTest, WithFailureTargetAPodIsWaitedFor) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PodView pod = LeftPod("w001", absl::Seconds(10));
  PutPod(pod);

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kLeave);
  EXPECT_EQ(step.look_again, pod.due + absl::Seconds(31));
}

TEST_F(NodeFateTest, WithFailureTargetThePodThatGoesIsWaitedFor) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(RunningPod("w001"));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kLeave);
  EXPECT_EQ(step.look_again, absl::InfiniteFuture());
}

TEST_F(NodeFateTest, APodThatOutlivesItsEndOnADeadNodeFreesItsSlot) {
  AddNodes(1, DeadNode());
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(LeftPod("w001", absl::Seconds(31)));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kRecord);
  EXPECT_EQ(step.record.state, NodeState::kUnreachable);
  EXPECT_EQ(step.record.code, std::nullopt);
  EXPECT_EQ(step.record.why, "DeadlineExceeded");
}

TEST_F(NodeFateTest, OfANodeThatIsGoneThePodIsNotWaitedForEither) {
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(LeftPod("w001", absl::Seconds(31)));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kRecord);
}

TEST_F(NodeFateTest, OnANodeThatAnswersItIsWaitedForHoweverLongItTakes) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(LeftPod("w001", absl::Hours(1)));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kLeave);
}

// The watch of the pods may be behind that of the Jobs.
TEST_F(NodeFateTest, ForAnEndWithoutItsPodTheServerIsAskedOnce) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Failed", "DeadlineExceeded")));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kAskPods);
  asked.insert("uid-of-w001");
  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kRecord);
  EXPECT_EQ(step.record.state, NodeState::kTimedOut);
  EXPECT_EQ(step.record.why, "DeadlineExceeded; the pod left no result");
}

TEST_F(NodeFateTest, AWrongListInAMessageIsNoResult) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Failed", "BackoffLimitExceeded")));
  PutPod(EndedPodOf("w001", 1, FailedMessage("ffffffffffffffff", 2, {1})));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.record.line, "");
  EXPECT_THAT(step.record.why, HasSubstr("the pod left no result"));
}

TEST_F(NodeFateTest, WhatIsOnRecordIsDeleted) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Complete")));
  PutPod(EndedPodOf("w001", 0));
  PutRecord("w001", NodeState::kSucceeded);

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kDelete);
  cluster.MarkDeleted(WantedJob("w001").name);
  EXPECT_THAT(Steps(), IsEmpty());
}

TEST_F(NodeFateTest, TheRecordOfAnotherJobDoesNotDeleteThisOne) {
  AddNodes(1);
  NodeRecord record = RecordWith("w001", NodeState::kUnreachable);
  record.job_uid = "an earlier one";
  PutRecord("w001", record);
  PutJob(OverJob("w001", Ended("Complete")));
  PutPod(EndedPodOf("w001", 0, FailedMessage(hash(), 2, {})));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kRecord);
}

TEST_F(NodeFateTest, WhatNobodyWantsIsDeleted) {
  spec.nodes = LabelSelector{.labels = {{"pool", "gpu"}}};
  AddNodes(2);
  cluster.nodes["w002"].labels = {{"pool", "gpu"}};
  PutJob(WantedJob("w001"));  // a node that is not selected any more
  PutJob(OlderJob("w002"));
  PutJob(WantedJob("w003"));  // a node that is gone

  const std::vector<JobStep> steps = Steps();

  ASSERT_THAT(steps, SizeIs(3));
  for (const JobStep& step : steps) {
    EXPECT_EQ(step.kind, JobStep::Kind::kDelete) << step.node;
  }
}

TEST_F(NodeFateTest, AnEndOfAnOlderListIsRecordedToo) {
  AddNodes(1);
  JobView job = OlderJob("w001");
  job.sight.conditions = {Ended("Complete")};
  PutJob(job);
  PutPod(EndedPodOf("w001", 0, FailedMessage("ffffffffffffffff", 2, {})));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kRecord);
  EXPECT_EQ(step.record.list_hash, "ffffffffffffffff");
  EXPECT_EQ(step.record.state, NodeState::kSucceeded);
  EXPECT_EQ(step.record.counts.pulled, 2);
}

TEST_F(NodeFateTest, OfTwoJobsOfANodeOneIsLeft) {
  AddNodes(1);
  PutJob(WantedJob("w001"));
  JobView second = WantedJob("w001");
  second.name = "app-second";
  second.uid = "second";
  second.created = now;
  PutJob(second);

  EXPECT_EQ(OnlyStep().job, "app-second");
  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kDelete);
}

// Its node would be the key of a record, which no server takes.
TEST_F(NodeFateTest, AJobOfNoNodeIsNotRecorded) {
  for (const char* node : {"", "a/b", "../w001", "w001\n"}) {
    JobView job = OverJob("w001", Ended("Complete"));
    job.node = node;
    PutJob(job);
    EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kDelete) << node;
  }
}

}  // namespace
}  // namespace prepull
