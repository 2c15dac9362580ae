// What is done about Jobs: JobStepsOf of node_fate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/controller/node_fate.h"
#include "test/controller/fleet_fixture.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JobStepTest : public FleetTest {
 protected:
  JobStep OnlyStep() const {
    const std::vector<JobStep> steps = Steps();
    EXPECT_THAT(steps, SizeIs(1));
    return steps.empty() ? JobStep() : steps.front();
  }
};

TEST_F(JobStepTest, AJobThatRunsIsLeft) {
  AddNodes(1);
  PutJob(WantedJob("w001"));
  PutPod(RunningPod("w001"));

  EXPECT_THAT(Steps(), IsEmpty());
}

TEST_F(JobStepTest, AJobThatNoWatchHasShownIsLeft) {
  AddNodes(1);
  JobView job = OlderJob("w001");
  job.uid = "";
  PutJob(job);

  EXPECT_THAT(Steps(), IsEmpty());
}

TEST_F(JobStepTest, AnEndWithItsPodIsRecorded) {
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
TEST_F(JobStepTest, AnEndIsRecordedWithItsFailureTarget) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "BackoffLimitExceeded")));
  PutPod(EndedPodOf("w001", 1));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kRecord);
}

TEST_F(JobStepTest, WithFailureTargetAPodIsWaitedFor) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PodView pod = LeftPod("w001", absl::Seconds(10));
  PutPod(pod);

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kLeave);
  EXPECT_EQ(step.look_again, pod.due + absl::Seconds(31));
}

TEST_F(JobStepTest, WithFailureTargetThePodThatGoesIsWaitedFor) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(RunningPod("w001"));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kLeave);
  EXPECT_EQ(step.look_again, absl::InfiniteFuture());
}

TEST_F(JobStepTest, APodThatOutlivesItsEndOnADeadNodeFreesItsSlot) {
  AddNodes(1, DeadNode());
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(LeftPod("w001", absl::Seconds(31)));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kRecord);
  EXPECT_EQ(step.record.state, NodeState::kUnreachable);
  EXPECT_EQ(step.record.code, std::nullopt);
  EXPECT_EQ(step.record.why, "DeadlineExceeded");
}

TEST_F(JobStepTest, OfANodeThatIsGoneThePodIsNotWaitedForEither) {
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(LeftPod("w001", absl::Seconds(31)));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kRecord);
}

TEST_F(JobStepTest, OnANodeThatAnswersItIsWaitedForHoweverLongItTakes) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));
  PutPod(LeftPod("w001", absl::Hours(1)));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kLeave);
}

// The watch of the pods may be behind that of the Jobs.
TEST_F(JobStepTest, ForAnEndWithoutItsPodTheServerIsAskedOnce) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Failed", "DeadlineExceeded")));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kAskPods);
  asked.insert("uid-of-w001");
  const JobStep step = OnlyStep();

  EXPECT_EQ(step.kind, JobStep::Kind::kRecord);
  EXPECT_EQ(step.record.state, NodeState::kTimedOut);
  EXPECT_EQ(step.record.why, "DeadlineExceeded; the pod left no result");
}

// Seen on Kubernetes 1.36, of a Job whose deadline passed while the API server
// was away: it stayed so, without a pod.
TEST_F(JobStepTest, WithFailureTargetAndNoPodTheServerIsAskedToo) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("FailureTarget", "DeadlineExceeded")));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kAskPods);
  asked.insert("uid-of-w001");

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kRecord);
}

TEST_F(JobStepTest, AWrongListInAMessageIsNoResult) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Failed", "BackoffLimitExceeded")));
  PutPod(EndedPodOf("w001", 1, FailedMessage("ffffffffffffffff", 2, {1})));

  const JobStep step = OnlyStep();

  EXPECT_EQ(step.record.line, "");
  EXPECT_THAT(step.record.why, HasSubstr("the pod left no result"));
}

TEST_F(JobStepTest, WhatIsOnRecordIsDeleted) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Complete")));
  PutPod(EndedPodOf("w001", 0));
  PutRecord("w001", NodeState::kSucceeded);

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kDelete);
  cluster.MarkDeleted(WantedJob("w001").name);
  EXPECT_THAT(Steps(), IsEmpty());
}

TEST_F(JobStepTest, TheRecordOfAnotherJobDoesNotDeleteThisOne) {
  AddNodes(1);
  NodeRecord record = RecordWith("w001", NodeState::kUnreachable);
  record.job_uid = "an earlier one";
  PutRecord("w001", record);
  PutJob(OverJob("w001", Ended("Complete")));
  PutPod(EndedPodOf("w001", 0, FailedMessage(hash(), 2, {})));

  EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kRecord);
}

TEST_F(JobStepTest, WhatNobodyWantsIsDeleted) {
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

TEST_F(JobStepTest, AnEndOfAnOlderListIsRecordedToo) {
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

TEST_F(JobStepTest, OfTwoJobsOfANodeOneIsLeft) {
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
TEST_F(JobStepTest, AJobOfNoNodeIsNotRecorded) {
  for (const char* node : {"", "a/b", "../w001", "w001\n"}) {
    JobView job = OverJob("w001", Ended("Complete"));
    job.node = node;
    PutJob(job);
    EXPECT_EQ(OnlyStep().kind, JobStep::Kind::kDelete) << node;
  }
}

}  // namespace
}  // namespace prepull
