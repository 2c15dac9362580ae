// Nothing is lost and nothing is done twice, whatever happens to controllers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "test/controller/controller_rig.h"

namespace prepull {
namespace {

using ::testing::Bool;
using ::testing::Combine;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Range;
using ::testing::SizeIs;

// More than a run of the four nodes below has.
constexpr int kWrites = 24;

class ControllerEndsTest : public ControllerRig {
 protected:
  ControllerEndsTest() {
    AddNodes(4);
    cluster_.Script(Node(2), {PodPlay{.exit_code = 1}});
  }

  void ApplyList() {
    Apply(R"("images":["quay.io/a/b:1"],"concurrency":2,"retryTimes":0,)"
          R"("failureTolerate":"1")");
  }

  // Each node's newest result is there exactly once, and came from one Job.
  void ExpectEachResultOnce() {
    AwaitEnd();
    EXPECT_EQ(Count("succeeded"), 3);
    EXPECT_EQ(Count("failed"), 1);
    EXPECT_THAT(Records(), SizeIs(4));
    for (const auto& [node, texts] : Records()) {
      EXPECT_THAT(texts, SizeIs(1)) << node;
      EXPECT_THAT(texts, Each(HasSubstr("\"line\""))) << node;
    }
    const std::map<std::string, int> made = job_counts().made;
    EXPECT_THAT(made, SizeIs(4));
    for (const auto& [job, times] : made) EXPECT_EQ(times, 1) << job;
  }
};

class KilledControllerTest
    : public ControllerEndsTest,
      public ::testing::WithParamInterface<std::tuple<int, bool>> {};

TEST_P(KilledControllerTest, LosesNothing) {
  const auto& [last, is_done] = GetParam();
  DyingClient dying(kubernetes_, last, is_done);
  Start(dying);
  ApplyList();
  Await([&] { return dying.is_dead() || IsTrue("Finished"); }, "its death");
  StopAll();

  Start();

  ExpectEachResultOnce();
}

INSTANTIATE_TEST_SUITE_P(AtEachWrite, KilledControllerTest,
                         Combine(Range(1, kWrites), Bool()));

TEST_F(ControllerEndsTest, TwoAtOnceDoNoHarm) {
  Start();
  Start();

  ApplyList();

  ExpectEachResultOnce();
}

TEST_F(ControllerEndsTest, ARecordOfALaterVersionIsNoReasonToPullAgain) {
  Start();
  ApplyList();
  AwaitEnd();
  StopAll();
  const KubeObject shard = {.resource = "configmaps",
                            .object_namespace = kSpace,
                            .name = "app-results-0"};
  std::string later = Records().at(Node(0)).at(0);
  later.replace(later.find("\"v\":1"), 5, R"("v":2,"more":{"x":[1]})");
  std::string patch = R"({"data":{)";
  AppendJsonString(Node(0), patch);
  patch += ':';
  AppendJsonString(later, patch);
  kubernetes_.Merge(shard, patch + "}}");

  Start();
  Apply(R"("images":["quay.io/a/b:1"],"concurrency":1)", 2);
  Await([&] { return Got()["status"]["observedGeneration"].integer() == 2; },
        "the edit");

  ExpectEachResultOnce();
}

}  // namespace
}  // namespace prepull
