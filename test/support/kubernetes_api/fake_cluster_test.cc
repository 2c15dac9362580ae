// The facts of Jobs and nodes that a controller trips over, as they were seen
// on a real cluster.
#include "test/support/kubernetes_api/fake_cluster.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/report/machine_line.h"
#include "test/support/fake_clock.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

KubeObject JobNamed(const std::string& name) {
  return {.group_version = "batch/v1",
          .resource = "jobs",
          .object_namespace = "team",
          .name = name};
}

class FakeClusterTest : public testing::Test {
 protected:
  FakeClusterTest() {
    cluster_.PlayOn(clock_);
    for (const char* name : {"w1", "w2"}) cluster_.AddNode({.name = name});
    kubernetes_.Put(
        {.resource = "configmaps", .object_namespace = "team", .name = "list"},
        R"({"data":{"images.txt":"a:1\nb:2\nc:3\n"}})");
  }

  // A Job of three images with one further pod.
  void CreateJob(const std::string& node, const std::string& name = "j") {
    const std::string body = absl::StrCat(
        R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":")", name,
        R"(","annotations":{"prepull.dev/list":"0ed9e5f3c7f62b06"}},)",
        R"("spec":{"backoffLimit":1,"activeDeadlineSeconds":600,)",
        R"("podFailurePolicy":{"rules":[)",
        R"({"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget"}]},)",
        R"({"action":"FailJob","onExitCodes":{"operator":"In",)",
        R"("values":[2,3]}}]},)",
        R"("template":{"metadata":{"labels":{"app":"x"}},"spec":{)",
        R"("activeDeadlineSeconds":300,"tolerations":[{"operator":"Exists"}],)",
        R"("affinity":{"nodeAffinity":{)",
        R"("requiredDuringSchedulingIgnoredDuringExecution":)",
        R"({"nodeSelectorTerms":[{"matchFields":[{"values":[")", node,
        R"("]}]}]}}},"containers":[{"name":"fetch","image":"prepull:1"}],)",
        R"("volumes":[{"configMap":{"name":"list"}}]}}}})");
    const auto created = kubernetes_.Send(
        {.method = "POST",
         .url = "http://fake/apis/batch/v1/namespaces/team/jobs",
         .body = body},
        {});
    EXPECT_EQ(created.value().status, 201) << created->body;
  }

  JsonDocument Read(const KubeObject& object) {
    return JsonDocument::Parse(kubernetes_.Text(object)).value();
  }
  // Its conditions with their reasons.
  std::vector<std::string> Conditions(const std::string& job = "j") {
    std::vector<std::string> types;
    const JsonDocument object = Read(JobNamed(job));
    for (const JsonValue each : object["status"]["conditions"].elements()) {
      types.push_back(absl::StrCat(each["type"].StringOrEmpty(), " ",
                                   each["reason"].StringOrEmpty()));
    }
    return types;
  }
  int64_t JobCount(const std::string& key) {
    return Read(JobNamed("j"))["status"][key].integer().value_or(0);
  }
  std::vector<std::string> Pods() {
    return kubernetes_.Texts({.resource = "pods"});
  }
  // The newest.
  JsonDocument Pod() { return JsonDocument::Parse(Pods().back()).value(); }
  static std::string PhaseOf(const JsonDocument& pod) {
    return pod["status"]["phase"].StringOrEmpty();
  }
  static JsonValue EndOf(const JsonDocument& pod) {
    return pod["status"]["containerStatuses"].elements().front()["state"]
                                                                ["terminated"];
  }
  static std::string MessageOf(const JsonDocument& pod) {
    return EndOf(pod)["message"].StringOrEmpty();
  }
  std::string ReadyOf(const std::string& node) {
    const JsonDocument object = Read({.resource = "nodes", .name = node});
    return object["status"]["conditions"]
        .elements()
        .front()["status"]
        .StringOrEmpty();
  }

  FakeClock clock_;
  FakeKubernetes kubernetes_{clock_};
  FakeCluster cluster_{kubernetes_, clock_};
};

TEST_F(FakeClusterTest, CompletesAJobWithTheLineOfItsList) {
  CreateJob("w1");
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(PhaseOf(Pod()), "Pending");
  EXPECT_EQ(JobCount("active"), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(PhaseOf(Pod()), "Running");
  clock_.Advance(absl::Seconds(1));

  const JsonDocument pod = Pod();
  EXPECT_EQ(PhaseOf(pod), "Succeeded");
  EXPECT_EQ(pod["spec"]["nodeName"].StringOrEmpty(), "w1");
  EXPECT_EQ(
      pod["metadata"]["labels"]["batch.kubernetes.io/job-name"].StringOrEmpty(),
      "j");
  const MachineResult result = ParseMachineLine(MessageOf(pod)).value();
  EXPECT_EQ(result.list_hash, "0ed9e5f3c7f62b06");
  EXPECT_THAT(*result.states, SizeIs(3));
  EXPECT_THAT(Conditions(), ElementsAre("SuccessCriteriaMet CompletionsReached",
                                        "Complete CompletionsReached"));
  EXPECT_EQ(JobCount("active"), 0);
  EXPECT_EQ(JobCount("succeeded"), 1);
}

TEST_F(FakeClusterTest, TriesAgainAfterAPauseAndThenFails) {
  cluster_.Script("w1", {{.exit_code = 1}});
  CreateJob("w1");
  clock_.Advance(absl::Seconds(3));

  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_EQ(JobCount("active"), 0);
  EXPECT_EQ(JobCount("failed"), 1);
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Pods(), SizeIs(2));
  EXPECT_EQ(JobCount("active"), 1);
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Conditions(), ElementsAre("FailureTarget BackoffLimitExceeded",
                                        "Failed BackoffLimitExceeded"));
  EXPECT_THAT(Pods(), SizeIs(2));
}

TEST_F(FakeClusterTest, DoesAfterAnotherPodWhatIsScriptedForIt) {
  cluster_.Script("w1", {{.exit_code = 1}, {.exit_code = 0}});
  CreateJob("w1");

  clock_.Advance(absl::Minutes(1));

  EXPECT_THAT(Conditions(), ElementsAre(HasSubstr("SuccessCriteriaMet"),
                                        HasSubstr("Complete")));
}

TEST_F(FakeClusterTest, FailsAJobAtOnceForACodeOfItsPolicy) {
  cluster_.Script("w1", {{.exit_code = 2}});
  CreateJob("w1");

  clock_.Advance(absl::Minutes(1));

  EXPECT_THAT(Conditions(), ElementsAre("FailureTarget PodFailurePolicy",
                                        "Failed PodFailurePolicy"));
  EXPECT_THAT(Pods(), SizeIs(1));
  EXPECT_FALSE(ParseMachineLine(MessageOf(Pod()))->list_hash.has_value());
}

TEST_F(FakeClusterTest, KeepsThePodThatMeetsItsOwnDeadline) {
  cluster_.Script("w1", {{.hangs = true}});
  CreateJob("w1");

  clock_.Advance(absl::Minutes(6));

  const JsonDocument pod = Pod();
  EXPECT_EQ(pod["status"]["reason"].StringOrEmpty(), "DeadlineExceeded");
  EXPECT_EQ(EndOf(pod)["exitCode"].integer(), 3);
  EXPECT_THAT(ParseMachineLine(MessageOf(pod)), IsOk());
  EXPECT_THAT(Conditions(), ElementsAre("FailureTarget PodFailurePolicy",
                                        "Failed PodFailurePolicy"));
}

TEST_F(FakeClusterTest, DeletesThePodOfAJobThatMeetsItsDeadline) {
  cluster_.Script("w1", {{.waiting = "ImagePullBackOff"}});
  kubernetes_.Remove({.resource = "nodes", .name = "w1"});
  CreateJob("w1");
  clock_.Advance(absl::Minutes(9));
  EXPECT_EQ(Pod()["status"]["conditions"]
                .elements()
                .front()["reason"]
                .StringOrEmpty(),
            "Unschedulable");

  clock_.Advance(absl::Minutes(1));

  EXPECT_THAT(Pods(), IsEmpty());
  EXPECT_THAT(Conditions(), ElementsAre("FailureTarget DeadlineExceeded",
                                        "Failed DeadlineExceeded"));
}

TEST_F(FakeClusterTest, KeepsThePodOfADeadNodeForEver) {
  cluster_.Script("w1", {{.takes = absl::Hours(1)}});
  CreateJob("w1");
  clock_.Advance(absl::Seconds(10));

  cluster_.StopKubelet("w1");
  clock_.Advance(absl::Seconds(39));
  EXPECT_EQ(ReadyOf("w1"), "True");
  clock_.Advance(absl::Hours(2));

  EXPECT_EQ(ReadyOf("w1"), "Unknown");
  const JsonDocument pod = Pod();
  EXPECT_EQ(PhaseOf(pod), "Running");
  EXPECT_TRUE(pod["metadata"]["deletionTimestamp"].exists());
  EXPECT_THAT(Conditions(), ElementsAre("FailureTarget DeadlineExceeded"));
  EXPECT_EQ(JobCount("terminating"), 1);
  EXPECT_EQ(JobCount("active"), 0);

  cluster_.StartNode("w1");
  clock_.Advance(absl::Seconds(1));

  EXPECT_EQ(ReadyOf("w1"), "True");
  EXPECT_THAT(Pods(), IsEmpty());
  EXPECT_THAT(Conditions(), ElementsAre("FailureTarget DeadlineExceeded",
                                        "Failed DeadlineExceeded"));
}

TEST_F(FakeClusterTest, TellsTheEndOnceTheKubeletIsBack) {
  CreateJob("w1");
  clock_.Advance(absl::Milliseconds(1500));
  cluster_.StopKubelet("w1");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(PhaseOf(Pod()), "Running");

  cluster_.StartNode("w1");
  clock_.Advance(absl::Seconds(1));

  EXPECT_EQ(PhaseOf(Pod()), "Succeeded");
}

TEST_F(FakeClusterTest, LosesWhatRanWhenThePowerWentOff) {
  CreateJob("w1");
  clock_.Advance(absl::Milliseconds(1500));
  cluster_.PowerOff("w1");
  clock_.Advance(absl::Minutes(1));

  cluster_.StartNode("w1");
  clock_.Advance(absl::Minutes(1));

  const std::vector<std::string> pods = Pods();
  ASSERT_THAT(pods, SizeIs(2));
  const JsonDocument lost = JsonDocument::Parse(pods.front()).value();
  EXPECT_EQ(EndOf(lost)["exitCode"].integer(), 137);
  EXPECT_THAT(Conditions(), SizeIs(2));
}

TEST_F(FakeClusterTest, LosesANodeByItsPod) {
  cluster_.Script("w1", {{.kills_node = true}});
  CreateJob("w1");

  clock_.Advance(absl::Minutes(1));

  EXPECT_EQ(ReadyOf("w1"), "Unknown");
  EXPECT_EQ(PhaseOf(Pod()), "Running");
}

TEST_F(FakeClusterTest, StartsAPodThatWaitsForItsNode) {
  cluster_.RemoveNode("w1");
  CreateJob("w1");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(JobCount("ready"), 0);

  cluster_.AddNode({.name = "w1"});
  clock_.Advance(absl::Seconds(3));

  EXPECT_EQ(PhaseOf(Pod()), "Succeeded");
}

TEST_F(FakeClusterTest, DoesNotCountAPodWhoseNodeWentAway) {
  cluster_.Script("w1", {{.takes = absl::Minutes(4)}});
  CreateJob("w1");
  clock_.Advance(absl::Seconds(10));

  cluster_.RemoveNode("w1");
  clock_.Advance(absl::Minutes(2));

  EXPECT_EQ(JobCount("failed"), 0);
  EXPECT_THAT(Pods(), SizeIs(1));
  EXPECT_EQ(PhaseOf(Pod()), "Pending");
}

TEST_F(FakeClusterTest, EndsThePodsOfADeletedJob) {
  cluster_.Script("w1", {{.takes = absl::Minutes(4)}});
  cluster_.Script("w2", {{.takes = absl::Minutes(4)}});
  CreateJob("w1", "j");
  CreateJob("w2", "k");
  clock_.Advance(absl::Seconds(10));
  cluster_.StopKubelet("w2");

  kubernetes_.Delete(JobNamed("j"));
  kubernetes_.Delete(JobNamed("k"));
  clock_.Advance(absl::Minutes(1));

  ASSERT_THAT(Pods(), SizeIs(1));
  EXPECT_EQ(Pod()["spec"]["nodeName"].StringOrEmpty(), "w2");
}

TEST_F(FakeClusterTest, LeavesItsServerInPeaceWhenItGoes) {
  {
    FakeCluster second(kubernetes_, clock_);
    second.PlayOn(clock_);
  }

  CreateJob("w1");
  clock_.Advance(absl::Seconds(3));

  EXPECT_THAT(Pods(), SizeIs(1));
}

TEST_F(FakeClusterTest, CordonsWithATaint) {
  cluster_.Cordon("w1");
  const JsonDocument cordoned = Read({.resource = "nodes", .name = "w1"});
  cluster_.Cordon("w1", false);
  const JsonDocument free = Read({.resource = "nodes", .name = "w1"});

  EXPECT_EQ(cordoned["spec"]["unschedulable"].boolean(), true);
  EXPECT_EQ(cordoned["spec"]["taints"].size(), 1);
  EXPECT_FALSE(free["spec"]["unschedulable"].exists());
  EXPECT_EQ(free["spec"]["taints"].size(), 0);
}

}  // namespace
}  // namespace prepull
