#include "src/controller/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

JsonDocument Object(absl::string_view json) {
  absl::StatusOr<JsonDocument> document = JsonDocument::Parse(json);
  EXPECT_THAT(document, IsOk()) << json;
  return *std::move(document);
}

// As Kubernetes 1.36 writes them, without what nobody reads.
constexpr char kNode[] = R"({
  "apiVersion": "v1", "kind": "Node",
  "metadata": {
    "name": "w7", "uid": "3a6c0f10-8b58-4a51-a8a8-5a5c8c2c7a01",
    "resourceVersion": "812", "creationTimestamp": "2026-01-01T00:00:00Z",
    "labels": {"kubernetes.io/os": "linux", "region": "hangzhou"}},
  "spec": {"podCIDR": "10.42.0.0/24", "unschedulable": true,
    "taints": [{"effect": "NoSchedule",
                "key": "node.kubernetes.io/unschedulable"}]},
  "status": {
    "conditions": [
      {"type": "MemoryPressure", "status": "False",
       "lastTransitionTime": "2026-01-01T00:00:00Z",
       "reason": "KubeletHasSufficientMemory", "message": "enough"},
      {"type": "Ready", "status": "True",
       "lastHeartbeatTime": "2026-01-02T03:04:00Z",
       "lastTransitionTime": "2026-01-02T03:00:00Z",
       "reason": "KubeletReady", "message": "kubelet is posting ready status"}],
    "nodeInfo": {"operatingSystem": "linux", "architecture": "amd64",
                 "containerRuntimeVersion": "containerd://2.1.9"}}})";

TEST(ViewsTest, OfANode) {
  const JsonDocument node = Object(kNode);

  const NodeView view = ViewOfNode(node.root());

  EXPECT_THAT(view.labels, ElementsAre(Pair("kubernetes.io/os", "linux"),
                                       Pair("region", "hangzhou")));
  EXPECT_EQ(view.os, "linux");
  EXPECT_EQ(view.runtime, "containerd://2.1.9");
  EXPECT_TRUE(view.is_ready);
  EXPECT_EQ(view.ready_changed, ApiTime("2026-01-02T03:00:00Z"));
  EXPECT_EQ(view.why_not_ready, "");
  EXPECT_TRUE(view.is_cordoned);
}

// The heartbeat of each node comes every few minutes, and is no news.
TEST(ViewsTest, OfANodeDoesNotChangeWithItsHeartbeat) {
  const JsonDocument before = Object(kNode);
  const JsonDocument after = Object(absl::StrReplaceAll(
      kNode,
      {{"2026-01-02T03:04:00Z", "2026-01-02T03:09:00Z"}, {"812", "999"}}));

  EXPECT_EQ(ViewOfNode(before.root()), ViewOfNode(after.root()));
}

TEST(ViewsTest, OfANodeThatDoesNotAnswerSaysSo) {
  const JsonDocument node = Object(R"({"status": {"conditions": [
      {"type": "Ready", "status": "Unknown",
       "lastTransitionTime": "2026-01-02T03:00:40Z",
       "reason": "NodeStatusUnknown",
       "message": "Kubelet stopped posting node status."}]}})");

  const NodeView view = ViewOfNode(node.root());

  EXPECT_FALSE(view.is_ready);
  EXPECT_EQ(view.why_not_ready,
            "NodeStatusUnknown: Kubelet stopped posting node status.");
  EXPECT_EQ(view.ready_changed, ApiTime("2026-01-02T03:00:40Z"));
  EXPECT_FALSE(view.is_cordoned);
}

constexpr char kJob[] = R"({
  "metadata": {
    "name": "app-1f3870be27", "uid": "0f6c1b2a-9d00-4b1c-8f00-000000000001",
    "creationTimestamp": "2026-01-02T03:04:05Z",
    "labels": {"app.kubernetes.io/name": "prepull",
               "prepull.dev/prepull": "app"},
    "annotations": {"prepull.dev/node": "w7.example",
                    "prepull.dev/list": "0ed9e5f3c7f62b06",
                    "prepull.dev/round": "2", "prepull.dev/task": "Fetch"}},
  "status": {
    "conditions": [
      {"type": "SuccessCriteriaMet", "status": "False"},
      {"type": "FailureTarget", "status": "True",
       "lastTransitionTime": "2026-01-02T03:40:00Z",
       "reason": "DeadlineExceeded",
       "message": "Job was active longer than specified deadline"}],
    "failed": 1, "ready": 0, "terminating": 1,
    "startTime": "2026-01-02T03:04:05Z", "uncountedTerminatedPods": {}}})";

TEST(ViewsTest, OfAJob) {
  const JsonDocument job = Object(kJob);

  const JobView view = ViewOfJob(job.root());

  EXPECT_EQ(view.name, "app-1f3870be27");
  EXPECT_EQ(view.uid, "0f6c1b2a-9d00-4b1c-8f00-000000000001");
  EXPECT_EQ(view.prepull, "app");
  EXPECT_EQ(view.node, "w7.example");
  EXPECT_EQ(view.list_hash, "0ed9e5f3c7f62b06");
  EXPECT_EQ(view.task, "Fetch");
  EXPECT_EQ(view.round, 2);
  EXPECT_EQ(view.created, ApiTime("2026-01-02T03:04:05Z"));
  EXPECT_FALSE(view.is_deleting);
  EXPECT_EQ(view.sight.failed, 1);
  EXPECT_EQ(view.sight.active, 0);
  ASSERT_EQ(view.sight.conditions.size(), 1);
  EXPECT_EQ(view.sight.conditions[0].type, "FailureTarget");
  EXPECT_EQ(view.sight.conditions[0].reason, "DeadlineExceeded");
}

constexpr char kEndedPod[] = R"({
  "metadata": {
    "name": "app-1f3870be27-x7k2p", "creationTimestamp": "2026-01-02T03:04:06Z",
    "labels": {"batch.kubernetes.io/controller-uid": "0f6c1b2a",
               "batch.kubernetes.io/job-name": "app-1f3870be27",
               "prepull.dev/prepull": "app"}},
  "status": {
    "phase": "Failed",
    "conditions": [{"type": "PodScheduled", "status": "True"}],
    "containerStatuses": [
      {"name": "istio-proxy",
       "state": {"terminated": {"exitCode": 0, "message": "bye"}}},
      {"name": "fetch", "ready": false, "restartCount": 0,
       "state": {"terminated": {
         "exitCode": 1, "reason": "Error",
         "startedAt": "2026-01-02T03:04:10Z",
         "finishedAt": "2026-01-02T03:06:10Z",
         "message": "48 of 50 images present; 2 failed (2m00s)\n{}"}}}]}})";

TEST(ViewsTest, OfAPodThatHasEnded) {
  const JsonDocument pod = Object(kEndedPod);

  const PodView view = ViewOfPod(pod.root());

  EXPECT_EQ(view.prepull, "app");
  EXPECT_EQ(view.job_uid, "0f6c1b2a");
  EXPECT_EQ(view.created, ApiTime("2026-01-02T03:04:06Z"));
  EXPECT_EQ(view.due, absl::InfiniteFuture());
  EXPECT_EQ(view.ended_at, "2026-01-02T03:06:10Z");
  EXPECT_EQ(view.sight.phase, "Failed");
  EXPECT_EQ(view.sight.exit_code, 1);
  EXPECT_EQ(view.sight.message,
            "48 of 50 images present; 2 failed (2m00s)\n{}");
  EXPECT_EQ(view.sight.waiting, "");
}

TEST(ViewsTest, OfAPodThatIsGoing) {
  const JsonDocument pod = Object(R"({
      "metadata": {"name": "p", "deletionGracePeriodSeconds": 30,
                   "deletionTimestamp": "2026-01-02T03:34:35Z"},
      "status": {"phase": "Running", "containerStatuses": [
        {"name": "fetch", "state": {"running": {}}}]}})");

  const PodView view = ViewOfPod(pod.root());

  EXPECT_EQ(view.due, ApiTime("2026-01-02T03:34:35Z"));
  EXPECT_EQ(view.sight.phase, "Running");
  EXPECT_EQ(view.sight.exit_code, std::nullopt);
}

struct PodWords {
  std::string what;
  std::string status;
  std::string waiting;
  std::string message;
};

TEST(ViewsTest, OfAPodSayInOthersWordsWhatItWaitsFor) {
  for (const PodWords& row : std::vector<PodWords>{
           {"not scheduled",
            R"("conditions":[{"type":"PodScheduled","status":"False",
               "reason":"Unschedulable",
               "message":"0/9 nodes are available: 1 Too many pods."}])",
            "Unschedulable: 0/9 nodes are available: 1 Too many pods.", ""},
           {"no image of its own",
            R"("containerStatuses":[{"name":"check","state":{"waiting":{
               "reason":"ImagePullBackOff","message":"Back-off"}}}])",
            "ImagePullBackOff: Back-off", ""},
           {"just begun",
            R"("containerStatuses":[{"name":"fetch","state":{"waiting":{
               "reason":"ContainerCreating"}}}])",
            "", ""},
           {"created, and a message with it",
            R"("containerStatuses":[{"name":"fetch","state":{"waiting":{
               "reason":"CreateContainerConfigError",
               "message":"secret \"a\" not found"}}}])",
            "CreateContainerConfigError: secret \"a\" not found", ""},
           {"killed",
            R"("containerStatuses":[{"name":"fetch","state":{"terminated":{
               "exitCode":137,"reason":"OOMKilled"}}}])",
            "", "OOMKilled"},
           {"ended without a word",
            R"("containerStatuses":[{"name":"fetch","state":{"terminated":{
               "exitCode":1,"reason":"Error"}}}])",
            "", ""},
           {"started again",
            R"("containerStatuses":[{"name":"fetch","state":{"running":{}},
               "lastState":{"terminated":{"exitCode":1,"message":"m"}}}])",
            "", "m"}}) {
    const JsonDocument pod = Object("{\"status\":{" + row.status + "}}");
    const PodView view = ViewOfPod(pod.root());
    EXPECT_EQ(view.sight.waiting, row.waiting) << row.what;
    EXPECT_EQ(view.sight.message, row.message) << row.what;
  }
}

constexpr char kPrepull[] = R"({
  "apiVersion": "prepull.dev/v1alpha1", "kind": "Prepull",
  "metadata": {"name": "app", "namespace": "prepull", "generation": 4,
    "uid": "77b0", "creationTimestamp": "2026-01-02T03:00:00Z",
    "annotations": {"prepull.dev/retry-at": "monday"}},
  "spec": {"images": ["quay.io/team/app:1.2"], "concurrency": 3,
           "failureTolerate": "0.1", "mode": "Once"},
  "status": {
    "observedGeneration": 3, "round": 2, "observedRetryAt": "sunday",
    "startedAt": "2026-01-02T03:00:01Z", "phase": "Pulling",
    "list": {"hash": "0ed9e5f3c7f62b06", "images": 1,
             "resolvedAt": "2026-01-02T03:00:02Z"},
    "conditions": [
      {"type": "Finished", "status": "False", "reason": "Pulling",
       "message": "", "lastTransitionTime": "2026-01-02T03:00:03Z",
       "observedGeneration": 3}]}})";

TEST(ViewsTest, OfAPrepull) {
  const JsonDocument prepull = Object(kPrepull);

  const PrepullView view = ViewOfPrepull(prepull.root());

  EXPECT_EQ(view.name, "app");
  EXPECT_EQ(view.uid, "77b0");
  EXPECT_EQ(view.generation, 4);
  EXPECT_EQ(view.retry_at, "monday");
  EXPECT_FALSE(view.is_deleting);
  ASSERT_THAT(view.spec, IsOk());
  EXPECT_EQ(view.spec->concurrency.Of(100), 3);
  EXPECT_EQ(view.status.generation, 3);
  EXPECT_EQ(view.status.round, 2);
  EXPECT_EQ(view.status.retry_at, "sunday");
  EXPECT_EQ(view.status.started_at, "2026-01-02T03:00:01Z");
  EXPECT_EQ(view.status.phase, "Pulling");
  EXPECT_EQ(view.status.list_hash, "0ed9e5f3c7f62b06");
  EXPECT_EQ(view.status.resolved_at, "2026-01-02T03:00:02Z");
  ASSERT_NE(view.status.Find("Finished"), nullptr);
  EXPECT_EQ(view.status.Find("Finished")->generation, 3);
  EXPECT_EQ(view.status.Find("Finished")->changed, "2026-01-02T03:00:03Z");
  EXPECT_EQ(view.status.Find("Complete"), nullptr);
}

TEST(ViewsTest, OfAListAndOfAShard) {
  const JsonDocument list = Object(R"({
      "metadata": {"name": "app-0ed9", "labels": {"prepull.dev/prepull": "app"},
        "annotations": {"prepull.dev/list": "0ed9",
                        "prepull.dev/inputs": "77"}},
      "immutable": true, "data": {"images.txt": "quay.io/a:1\n"}})");
  const JsonDocument shard = Object(R"({
      "metadata": {"name": "app-results-0", "resourceVersion": "12",
                   "labels": {"prepull.dev/prepull": "app"}},
      "data": {"w1": "{\"v\":1,\"job\":\"u1\",\"list\":\"0ed9\",)"
                                    R"(\"task\":\"Fetch\",\"round\":1,)"
                                    R"(\"state\":\"Succeeded\",\"at\":\"\",)"
                                    R"(\"pods\":1}",
               "w2": "garbage"}})");

  const ListView list_view = ViewOfList(list.root());
  const ShardView shard_view = ViewOfShard(shard.root());

  EXPECT_EQ(list_view.prepull, "app");
  EXPECT_EQ(list_view.hash, "0ed9");
  EXPECT_EQ(list_view.inputs, "77");
  EXPECT_EQ(list_view.text, "quay.io/a:1\n");
  EXPECT_EQ(shard_view.version, "12");
  ASSERT_THAT(shard_view.records, SizeIs(2));
  EXPECT_EQ(shard_view.records.at("w1").job_uid, "u1");
  // Its place is kept, and it is the end of nothing.
  EXPECT_EQ(shard_view.records.at("w2").job_uid, "");
}

// Each is as if the field were not set.
TEST(ViewsTest, OfHostileTypesAreEmpty) {
  for (const char* json :
       {"null", "7", "[]", "{}", R"({"metadata":[],"spec":1,"status":"x"})",
        R"({"metadata":{"name":1,"labels":["a"],"annotations":"b",
            "generation":"x","creationTimestamp":5},
            "spec":{"unschedulable":"yes"},
            "status":{"conditions":{"type":"Ready"},"nodeInfo":[],
                      "containerStatuses":{},"phase":[],"active":"many",
                      "failed":1e300,"round":{},"list":7},
            "data":["x"]})",
        R"({"status":{"conditions":[null,7,"x",[],{"type":[],"status":true}],
                      "containerStatuses":[null,{"name":["fetch"]},
                        {"name":"fetch","state":"terminated"}]}})"}) {
    const JsonDocument object = Object(json);
    EXPECT_EQ(ViewOfNode(object.root()), NodeView()) << json;
    EXPECT_EQ(ViewOfJob(object.root()).name, "") << json;
    EXPECT_EQ(ViewOfJob(object.root()).sight.failed, 0) << json;
    EXPECT_THAT(ViewOfJob(object.root()).sight.conditions, IsEmpty()) << json;
    EXPECT_EQ(ViewOfPod(object.root()).sight.exit_code, std::nullopt) << json;
    EXPECT_EQ(ViewOfPrepull(object.root()).status.round, 0) << json;
    EXPECT_THAT(ViewOfPrepull(object.root()).spec, Not(IsOk())) << json;
    EXPECT_EQ(ViewOfList(object.root()).text, "") << json;
    EXPECT_THAT(ViewOfShard(object.root()).records, IsEmpty()) << json;
  }
}

TEST(ViewsTest, TimesAreThoseOfTheApi) {
  EXPECT_EQ(ApiTimeText(ApiTime("2026-01-02T03:04:05Z")),
            "2026-01-02T03:04:05Z");
  EXPECT_EQ(ApiTime("2026-01-02T03:04:05.5+01:00"),
            ApiTime("2026-01-02T02:04:05Z") + absl::Milliseconds(500));
  for (const char* text : {"", "yesterday", "2026-13-02T03:04:05Z", "0"}) {
    EXPECT_EQ(ApiTime(text), absl::InfinitePast()) << text;
  }
  // What is not known is said by nothing.
  EXPECT_EQ(ApiTimeText(absl::InfinitePast()), "");
}

}  // namespace
}  // namespace prepull
