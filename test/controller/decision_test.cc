#include "src/controller/decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/controller/decision_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(DecisionTest, TellsOfItsRoundBeforeAnyJob) {
  AddNodes(3);

  const Decision first = Step();

  EXPECT_TRUE(first.begins_round);
  EXPECT_EQ(first.status.round, 1);
  EXPECT_EQ(first.status.started_at, "2026-01-02T03:04:05Z");
  EXPECT_EQ(first.status.phase, "Pulling");
  EXPECT_THAT(first.jobs, IsEmpty());
  EXPECT_FALSE(Step().begins_round);
}

TEST_F(DecisionTest, MakesTheListBeforeItsJobs) {
  AddNodes(3);
  Step();

  const Decision second = Step();
  const Decision third = Step();

  ASSERT_THAT(second.lists, SizeIs(1));
  EXPECT_EQ(second.lists[0].text, "quay.io/a:1\nquay.io/b:1\n");
  EXPECT_EQ(second.lists[0].name, "app-" + second.lists[0].hash);
  EXPECT_EQ(second.lists[0].inputs, "inputs-1");
  EXPECT_THAT(second.jobs, IsEmpty());
  EXPECT_THAT(third.lists, IsEmpty());
  EXPECT_THAT(third.jobs, SizeIs(3));
}

TEST_F(DecisionTest, AsksForAJobWithAllThatTheSpecSays) {
  AddNodes(1);
  rules.allowed_secrets = {"team", "line"};
  prepull.spec->images = {"quay.io/a:1 secret=line"};
  prepull.spec->image_secrets = {"team"};
  prepull.spec->timeout = absl::Minutes(10);
  prepull.spec->retry_times = 4;
  prepull.spec->priority_class = "high";
  prepull.spec->task = NodeTask::kCheck;
  prepull.spec->check_items = {"disk"};
  prepull.spec->space_required = "35GiB";
  Step();
  Step();

  const Decision decision = Decided();

  ASSERT_THAT(decision.jobs, SizeIs(1));
  const NodeJob& job = decision.jobs[0];
  EXPECT_EQ(job.prepull, "app");
  EXPECT_EQ(job.prepull_uid, "uid-of-app");
  EXPECT_EQ(job.node, "w001");
  EXPECT_EQ(job.task, NodeTask::kCheck);
  EXPECT_EQ(job.round, 1);
  EXPECT_EQ(job.list_config_map, "app-" + job.list_hash);
  EXPECT_EQ(job.deadline, now + absl::Minutes(10));
  EXPECT_EQ(job.timeout, absl::Minutes(10));
  EXPECT_EQ(job.retry_times, 4);
  EXPECT_THAT(job.secrets, ElementsAre("team"));
  EXPECT_THAT(job.line_secrets, ElementsAre("line"));
  EXPECT_EQ(job.priority_class, "high");
  EXPECT_THAT(job.check_items, ElementsAre("disk"));
  EXPECT_EQ(job.space_required, "35GiB");
}

TEST_F(DecisionTest, EndsWhenEveryNodeIsOnRecord) {
  AddNodes(25);

  RunToTheEnd(0);

  EXPECT_EQ(prepull.status.phase, "Succeeded");
  EXPECT_TRUE(IsTrue("Finished"));
  EXPECT_TRUE(IsTrue("Complete"));
  EXPECT_THAT(Records(), SizeIs(25));
  EXPECT_THAT(Jobs(), IsEmpty());
  EXPECT_EQ(made_jobs, 25);
}

TEST_F(DecisionTest, IsNotFinishedWhileAJobIsThere) {
  AddNodes(1);
  Settle();
  EndJob("w001", 0);
  const Decision recording = Step();

  EXPECT_THAT(recording.records, SizeIs(1));
  EXPECT_FALSE(IsTrue("Finished"));
  Step();  // deletes
  EXPECT_FALSE(IsTrue("Finished"));
  Step();
  EXPECT_TRUE(IsTrue("Finished"));
}

TEST_F(DecisionTest, ChangesNothingWithoutNews) {
  AddNodes(3);
  Settle();

  const Decision decision = Step();

  EXPECT_THAT(decision.lists, IsEmpty());
  EXPECT_THAT(decision.steps, IsEmpty());
  EXPECT_THAT(decision.records, IsEmpty());
  EXPECT_THAT(decision.jobs, IsEmpty());
  EXPECT_THAT(decision.unused_lists, IsEmpty());
}

TEST_F(DecisionTest, TellsWhichImagesFailedWhenTheyGoOnRecord) {
  AddNodes(1);
  Settle();
  EndJob("w001", 1);

  const Decision decision = Decided();

  ASSERT_THAT(decision.failed, SizeIs(1));
  EXPECT_EQ(decision.failed[0].node, "w001");
  EXPECT_EQ(decision.failed[0].image, "quay.io/b:1");
  EXPECT_EQ(decision.failed[0].reason, "NotFound");
}

TEST_F(DecisionTest, OnceItHasEndedItAsksNobody) {
  AddNodes(2);
  RunToTheEnd(0);

  AddNodes(1);
  const Decision decision = Settle();

  EXPECT_THAT(decision.jobs, IsEmpty());
  EXPECT_EQ(decision.status.phase, "Succeeded");
  EXPECT_TRUE(IsTrue("Finished"));
}

TEST_F(DecisionTest, AnEditOpensItAgain) {
  AddNodes(2);
  RunToTheEnd(0);
  AddNodes(1);

  Edit();
  Settle();

  EXPECT_THAT(NodesWithJobs(), ElementsAre("w003"));
  EXPECT_EQ(prepull.status.phase, "Pulling");
  EXPECT_FALSE(IsTrue("Finished"));
  EXPECT_EQ(prepull.status.round, 1);
}

TEST_F(DecisionTest, AnEditOfThePaceMakesNoNewJobs) {
  AddNodes(6);
  prepull.spec->concurrency = {.number = 3};
  Settle();
  const int before = made_jobs;

  prepull.spec->concurrency = {.number = 2};
  prepull.spec->is_suspended = true;
  Edit();
  Settle();

  EXPECT_EQ(made_jobs, before);
  EXPECT_THAT(Jobs(), SizeIs(3));
}

TEST_F(DecisionTest, RetriesOnlyNodesThatFailed) {
  AddNodes(3);
  prepull.spec->failure_tolerate = 1;
  Settle();
  EndJob("w001", 0);
  EndJob("w002", 1);
  EndJob("w003", 3);
  Settle();
  ASSERT_EQ(prepull.status.phase, "PartiallyFailed");

  prepull.retry_at = "now";
  const Decision decision = Step();
  Settle();

  EXPECT_TRUE(decision.begins_round);
  EXPECT_EQ(decision.status.round, 2);
  EXPECT_EQ(decision.status.retry_at, "now");
  EXPECT_THAT(NodesWithJobs(), ElementsAre("w002", "w003"));
  RunToTheEnd(0);
  EXPECT_EQ(prepull.status.phase, "Succeeded");
  EXPECT_EQ(made_jobs, 5);
}

TEST_F(DecisionTest, ARetryThatWasHeardIsNotHeardAgain) {
  AddNodes(1);
  prepull.retry_at = "before its first round";
  RunToTheEnd(1);

  EXPECT_EQ(prepull.status.round, 1);
  EXPECT_EQ(made_jobs, 1);
  ForgetAll();
  Settle();
  EXPECT_EQ(prepull.status.round, 1);
}

TEST_F(DecisionTest, AChangedListReplacesTheOld) {
  AddNodes(2);
  Settle();
  const std::string old_list = Jobs().begin()->second.list_hash;

  prepull.spec->images = {"quay.io/c:1", "quay.io/d:1"};
  Edit();
  const Decision edited = Step();

  for (const JobStep& step : edited.steps) {
    EXPECT_EQ(step.kind, JobStep::Kind::kDelete);
  }
  EXPECT_THAT(edited.steps, SizeIs(2));
  EXPECT_THAT(edited.lists, SizeIs(1));
  EXPECT_THAT(edited.unused_lists, IsEmpty());
  Settle();
  EXPECT_THAT(Jobs(), SizeIs(2));
  EXPECT_NE(Jobs().begin()->second.list_hash, old_list);
  EXPECT_THAT(cluster.ObjectsOf("app").lists, SizeIs(1));
}

TEST_F(DecisionTest, WhileItIsSuspendedNothingBegins) {
  AddNodes(5);
  prepull.spec->concurrency = {.number = 2};
  prepull.spec->is_suspended = true;

  Settle();

  EXPECT_THAT(Jobs(), IsEmpty());
  EXPECT_EQ(prepull.status.phase, "Pulling");
  EXPECT_FALSE(IsTrue("Progressing"));
  prepull.spec->is_suspended = false;
  Edit();
  Settle();
  EXPECT_THAT(Jobs(), SizeIs(2));
}

TEST_F(DecisionTest, PausesWhenTooManyFailAndGoesOnAfterAnEdit) {
  AddNodes(10);
  prepull.spec->concurrency = {.number = 3};

  RunToTheEnd(1);

  EXPECT_EQ(prepull.status.phase, "Paused");
  EXPECT_TRUE(IsTrue("Paused"));
  EXPECT_EQ(made_jobs, 3);
  prepull.spec->failure_tolerate = 1;
  Edit();
  RunToTheEnd(0);
  EXPECT_EQ(prepull.status.phase, "PartiallyFailed");
  EXPECT_EQ(made_jobs, 10);
}

TEST_F(DecisionTest, GoesSomeTimeAfterItsEnd) {
  AddNodes(1);
  prepull.spec->kept_for = absl::Hours(1);
  RunToTheEnd(0);

  const Decision before = Decided();
  now += absl::Hours(1);
  const Decision after = Decided();

  EXPECT_FALSE(before.expires);
  EXPECT_EQ(before.look_again, now);
  EXPECT_TRUE(after.expires);
}

TEST_F(DecisionTest, IsKeptWhileItIsAtWorkOrForEver) {
  AddNodes(1);
  prepull.spec->kept_for = absl::ZeroDuration();
  Settle();
  EXPECT_FALSE(Decided().expires);

  prepull.spec->kept_for = std::nullopt;
  RunToTheEnd(0);
  now += absl::Hours(100'000);
  EXPECT_FALSE(Decided().expires);
}

TEST_F(DecisionTest, WhatIsBeingDeletedIsLeftAlone) {
  AddNodes(1);
  Settle();
  prepull.is_deleting = true;

  const Decision decision = Decided();

  EXPECT_THAT(decision.steps, IsEmpty());
  EXPECT_THAT(decision.jobs, IsEmpty());
  EXPECT_FALSE(decision.begins_round);
}

TEST_F(DecisionTest, WaitsForANodeAsLongAsANodeMayTake) {
  AddNodes(1);
  cluster.nodes["w002"] = DeadNode();
  RunToTheEnd(0);

  EXPECT_EQ(prepull.status.phase, "Pulling");
  EXPECT_EQ(Decided().look_again, now + absl::Minutes(30));
  now += absl::Minutes(30);
  Settle();
  EXPECT_EQ(prepull.status.phase, "PartiallyFailed");
  EXPECT_TRUE(IsTrue("Finished"));
}

TEST_F(DecisionTest, AsksANodeThatComesBackInTime) {
  AddNodes(1);
  cluster.nodes["w002"] = DeadNode();
  RunToTheEnd(0);

  cluster.nodes["w002"] = ReadyNode();
  RunToTheEnd(0);

  EXPECT_EQ(prepull.status.phase, "Succeeded");
}

// The first list may come long after the Prepull.
TEST_F(DecisionTest, WaitsForNodesFromTheListOn) {
  prepull.spec->images = {"B b"};
  cluster.nodes["w001"] = DeadNode();
  Settle();
  now += absl::Hours(2);

  prepull.spec->images = {"quay.io/a:1"};
  Edit();
  Settle();

  EXPECT_EQ(prepull.status.phase, "Pulling");
  EXPECT_FALSE(IsTrue("Finished"));
  now += absl::Minutes(31);
  Settle();
  EXPECT_TRUE(IsTrue("Finished"));
}

TEST_F(DecisionTest, SaysWhatIsNotUpToDate) {
  AddNodes(1);
  rules.stale = "stale since ten: nodes";
  EXPECT_THAT(Settle().status.message, HasSubstr("stale since ten: nodes"));

  memory.write_error = "configmap app-results-0: forbidden";
  EXPECT_THAT(Decided().status.message, HasSubstr("forbidden"));
}

// kubectl replace --force: the same name, the same generation.
TEST_F(DecisionTest, ANewBearerOfTheNameInheritsNothing) {
  AddNodes(2);
  RunToTheEnd(0);
  ASSERT_TRUE(IsTrue("Finished"));

  PrepullView renewed = {.name = "app", .uid = "another", .generation = 1};
  renewed.spec->images = {"quay.io/c:1"};
  renewed.spec->inputs_hash = "inputs-2";
  prepull = renewed;
  const Decision first = Step();
  const Decision second = Step();

  EXPECT_TRUE(first.begins_round);
  EXPECT_EQ(first.status.summary.nodes.succeeded, 0);
  ASSERT_THAT(second.lists, SizeIs(1));
  EXPECT_EQ(second.lists[0].text, "quay.io/c:1\n");
}

TEST_F(DecisionTest, ANewBearerWithTheSameListAsksAllNodesAgain) {
  AddNodes(2);
  RunToTheEnd(0);

  const absl::StatusOr<PrepullSpec> spec = prepull.spec;
  prepull = {.name = "app", .uid = "another", .generation = 1, .spec = spec};
  Settle();

  EXPECT_THAT(Jobs(), SizeIs(2));
}

}  // namespace
}  // namespace prepull
