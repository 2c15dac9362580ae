#include "prepull/controller/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/controller/controller_rig.h"

namespace prepull {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kImages[] = R"("images":["quay.io/a/b:1","quay.io/a/c:2"])";

class ControllerTest : public ControllerRig {
 protected:
  static std::string With(const std::string& more) {
    return absl::StrCat(kImages, ",", more);
  }
};

TEST_F(ControllerTest, BringsAListToEveryNode) {
  AddNodes(5);
  Start();

  Apply(kImages);
  AwaitEnd();

  EXPECT_EQ(Phase(), "Succeeded");
  EXPECT_EQ(Count("succeeded"), 5);
  EXPECT_THAT(Records(), SizeIs(5));
  EXPECT_TRUE(IsTrue("Complete"));
}

TEST_F(ControllerTest, NeverHasMoreJobsThanNodesMayPullAtOnce) {
  AddNodes(12);
  Start();

  Apply(With(R"("concurrency":3)"));
  AwaitEnd();

  EXPECT_EQ(Count("succeeded"), 12);
  EXPECT_EQ(job_counts().most, 3u);
  EXPECT_EQ(JobsMade(), 12);
}

TEST_F(ControllerTest, TellsWhichImageFailedWhereAndWhy) {
  AddNodes(3);
  cluster_.Script(Node(1),
                  {PodPlay{.exit_code = 1,
                           .failures = {{.image = 1,
                                         .reason = "NotFound",
                                         .message = "manifest unknown"}}}});
  Start();

  Apply(With(R"("retryTimes":0,"failureTolerate":"1")"));
  AwaitEnd();

  EXPECT_EQ(Phase(), "PartiallyFailed");
  const JsonDocument prepull = Got();
  const JsonValue failure = prepull["status"]["failures"].elements().at(0);
  EXPECT_EQ(failure["image"].StringOrEmpty(), "quay.io/a/c:2");
  EXPECT_EQ(failure["reason"].StringOrEmpty(), "NotFound");
  EXPECT_EQ(failure["message"].StringOrEmpty(), "manifest unknown");
  EXPECT_EQ(failure["nodes"].elements().at(0).StringOrEmpty(), Node(1));
}

TEST_F(ControllerTest, ExplainsItselfWhileItStillTries) {
  AddNodes(1);
  cluster_.Script(Node(0),
                  {PodPlay{.exit_code = 1, .failures = {{.message = "gone"}}},
                   PodPlay{.takes = absl::Minutes(10)}});
  Start();

  Apply(With(R"("retryTimes":2)"));

  Await(
      [&] {
        const JsonDocument prepull = Got();
        const auto failed = prepull["status"]["failedNodes"].elements();
        return failed.size() == 1 &&
               failed[0]["state"].StringOrEmpty() == "Active" &&
               failed[0]["pod"].StringOrEmpty() == "2 of 3" &&
               failed[0]["message"].StringOrEmpty() == "gone";
      },
      "pod 2 of 3");
}

TEST_F(ControllerTest, RunsOnlyFailedNodesAgain) {
  AddNodes(3);
  cluster_.Script(Node(2), {PodPlay{.exit_code = 2}, PodPlay{}});
  Start();
  Apply(With(R"("failureTolerate":"1")"));
  AwaitEnd();
  ASSERT_EQ(Phase(), "PartiallyFailed");

  Apply(kImages, 1, R"("prepull.dev/retry-at":"now")");
  AwaitPhase("Succeeded");

  EXPECT_EQ(JobsMade(), 4);
  EXPECT_EQ(Got()["status"]["round"].integer(), 2);
}

TEST_F(ControllerTest, BeginsAnewWithAChangedList) {
  AddNodes(3);
  Start();
  Apply(kImages);
  AwaitEnd();
  const std::string first = Got()["status"]["list"]["hash"].StringOrEmpty();

  Apply(R"("images":["quay.io/a/b:2"])", 2);
  Await(
      [&] {
        return Got()["status"]["list"]["hash"].StringOrEmpty() != first &&
               IsTrue("Finished");
      },
      "the new list");

  EXPECT_EQ(Phase(), "Succeeded");
  EXPECT_EQ(JobsMade(), 6);
  EXPECT_THAT(Records(), SizeIs(3));
}

TEST_F(ControllerTest, MakesNoNewJobsForOtherEdits) {
  AddNodes(3);
  Start();
  Apply(kImages);
  AwaitEnd();

  Apply(With(R"("concurrency":2,"waves":["1"])"), 2);
  Await([&] { return Got()["status"]["observedGeneration"].integer() == 2; },
        "the edit");

  EXPECT_EQ(Phase(), "Succeeded");
  EXPECT_EQ(JobsMade(), 3);
}

TEST_F(ControllerTest, ACanaryThatFailsHoldsTheOthersBackUntilAnEdit) {
  AddNodes(10);
  cluster_.Script(Node(0), {PodPlay{.exit_code = 2}});
  Start();

  Apply(With(R"("waves":["1","100%"],"failureTolerate":"0.2")"));
  AwaitPhase("Paused");

  EXPECT_TRUE(IsTrue("Paused"));
  EXPECT_EQ(JobsMade(), 1);

  Apply(With(R"("waves":null,"failureTolerate":"0.2")"), 2);
  AwaitEnd();

  EXPECT_EQ(Count("succeeded"), 9);
  EXPECT_EQ(Phase(), "PartiallyFailed");
}

TEST_F(ControllerTest, ANodeThatDoesNotAnswerDelaysNobody) {
  AddNodes(50);
  for (int i = 0; i < 12; ++i) {
    cluster_.Script(Node(4 * i), {PodPlay{.kills_node = true}});
  }
  Start();

  Apply(With(R"("concurrency":10,"timeoutSeconds":60,"failureTolerate":"1")"));
  Await([&] { return Count("succeeded") == 38; }, "38 nodes");
  AwaitEnd();

  EXPECT_EQ(Count("unreachable"), 12);
  EXPECT_EQ(Phase(), "PartiallyFailed");
}

TEST_F(ControllerTest, AsksANodeThatComesBack) {
  AddNodes(2);
  cluster_.StopKubelet(Node(1));
  Await([&] { return !IsReady(Node(1)); }, "a node that does not answer");
  Start();
  Apply(With(R"("timeoutSeconds":3600)"));
  Await([&] { return Count("succeeded") == 1 && Count("unreachable") == 1; },
        "one of two");

  cluster_.StartNode(Node(1));
  AwaitEnd();

  EXPECT_EQ(Phase(), "Succeeded");
}

TEST_F(ControllerTest, SaysThatANamedNodeDoesNotExist) {
  AddNodes(1);
  Start();

  Apply(With(absl::StrCat(R"("nodeNames":[")", Node(0),
                          R"(","nobody"],"failureTolerate":"1")")));
  AwaitEnd();

  EXPECT_EQ(Phase(), "PartiallyFailed");
  EXPECT_THAT(kubernetes_.Text(Prepull()), HasSubstr("there is no such node"));
}

TEST_F(ControllerTest, StartsNothingWhileItIsSuspended) {
  AddNodes(2);
  Start();
  Apply(With(R"("suspend":true)"));
  Await([&] { return Count("notStarted") == 2; }, "a status");

  EXPECT_EQ(JobsMade(), 0);

  Apply(With(R"("suspend":false)"), 2);
  AwaitEnd();
  EXPECT_EQ(Phase(), "Succeeded");
}

TEST_F(ControllerTest, RefusesASecretThatIsNotAllowed) {
  options_.allowed_secrets = {"team-a"};
  AddNodes(1);
  Start();

  Apply(With(R"("imageSecrets":["kube-admin"])"));
  AwaitPhase("Failed");

  EXPECT_THAT(kubernetes_.Text(Prepull()), HasSubstr("kube-admin"));
  EXPECT_EQ(JobsMade(), 0);
}

TEST_F(ControllerTest, RefusesToLookAtADiskThatItsPodsDoNotSee) {
  AddNodes(1);
  Start();

  Apply(With(R"("checkItems":["disk"])"));
  AwaitPhase("Failed");

  EXPECT_THAT(kubernetes_.Text(Prepull()), HasSubstr("--storage-dir"));
}

TEST_F(ControllerTest, DeletesAPrepullSomeTimeAfterItsEnd) {
  AddNodes(1);
  Start();

  Apply(With(R"("ttlSecondsAfterFinished":60)"));
  Await([&] { return !kubernetes_.Has(Prepull()); }, "its end");

  EXPECT_THAT(Texts("configmaps"), IsEmpty());
}

TEST_F(ControllerTest, IsReadyOnceItKnowsTheCluster) {
  AddNodes(1);
  kubernetes_.SetAway(true);
  const RunningController& controller = Start();
  EXPECT_EQ(controller.Page("/readyz").status, 503);
  EXPECT_EQ(controller.Page("/healthz").status, 200);

  kubernetes_.SetAway(false);
  Apply(kImages);
  AwaitEnd();

  EXPECT_EQ(controller.Page("/readyz").status, 200);
  EXPECT_THAT(
      controller.Page("/metrics").body,
      HasSubstr("prepull_nodes{prepull=\"app\",state=\"Succeeded\"} 1"));
}

// The same for all faults: nothing is lost, and nothing is there twice.
class FaultyControllerTest : public ControllerTest {
 protected:
  void Start() {
    AddNodes(6);
    cluster_.Script(Node(3), {PodPlay{.exit_code = 1}});
    ControllerTest::Start();
    Apply(With(R"("concurrency":2,"failureTolerate":"1","retryTimes":0)"));
  }

  void ExpectAllRecordedOnce() {
    AwaitEnd();
    EXPECT_EQ(Count("succeeded"), 5);
    EXPECT_EQ(Count("failed"), 1);
    EXPECT_THAT(Records(), SizeIs(6));
    for (const auto& [node, texts] : Records()) {
      EXPECT_THAT(texts, SizeIs(1)) << node;
      EXPECT_THAT(texts, Each(HasSubstr("\"line\""))) << node;
    }
  }
};

TEST_F(FaultyControllerTest, AnApiServerThatIsAwayForMinutes) {
  Start();
  Await([&] { return Count("succeeded") >= 1; }, "a first result");

  kubernetes_.SetAway(true);
  clock_.SleepUntil(clock_.Now() + absl::Minutes(3), {});
  kubernetes_.SetAway(false);

  ExpectAllRecordedOnce();
}

TEST_F(FaultyControllerTest, AnswersThatAreLost) {
  for (int i = 0; i < 6; ++i) {
    kubernetes_.Inject({.kind = KubernetesFault::Kind::kLoseAnswer,
                        .resource = i % 2 == 0 ? "jobs" : "configmaps",
                        .skip = 1});
  }

  Start();

  ExpectAllRecordedOnce();
}

TEST_F(FaultyControllerTest, VersionsThatHaveExpired) {
  Start();
  Await([&] { return Count("succeeded") >= 1; }, "a first result");

  kubernetes_.Compact();
  kubernetes_.DisturbWatches(KubernetesFault::Kind::kErrorEvent);

  ExpectAllRecordedOnce();
}

TEST_F(FaultyControllerTest, EventsThatComeLateAndTwice) {
  kubernetes_.Inject({.kind = KubernetesFault::Kind::kDelay,
                      .verb = "watch",
                      .resource = "pods",
                      .times = -1,
                      .delay = absl::Seconds(5)});
  kubernetes_.Inject({.kind = KubernetesFault::Kind::kRepeat,
                      .verb = "watch",
                      .resource = "jobs",
                      .times = -1});

  Start();

  ExpectAllRecordedOnce();
}

TEST_F(FaultyControllerTest, ServersThatAreOverloaded) {
  kubernetes_.Inject({.kind = KubernetesFault::Kind::kRefuse,
                      .verb = "create",
                      .times = 5,
                      .http_status = 429,
                      .retry_after = absl::Seconds(1)});
  kubernetes_.Inject({.kind = KubernetesFault::Kind::kRefuse,
                      .verb = "patch",
                      .times = 5,
                      .http_status = 500});

  Start();

  ExpectAllRecordedOnce();
}

}  // namespace
}  // namespace prepull
