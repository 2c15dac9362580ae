// The built binary as a controller: on a fake cluster, over TLS.
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/kubernetes_api/running_cluster.h"

namespace prepull {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

class ControllerE2eTest : public testing::Test {
 protected:
  ControllerE2eTest() {
    folder_.Write("kubeconfig", cluster_.Kubeconfig("fleet"));
    for (int i = 0; i < 6; ++i) {
      cluster_.cluster().AddNode({.name = absl::StrCat("w", i)});
    }
    cluster_.cluster().ScriptTheRest(
        PodPlay{.starts_after = absl::ZeroDuration(),
                .takes = absl::Milliseconds(300)});
  }

  ProcessSetup InCluster() const {
    return {.arguments = {"controller", "--kubeconfig",
                          folder_.Path("kubeconfig"), "--image", "prepull:1",
                          "--http-listen", "127.0.0.1:0"}};
  }

  // A Prepull for all nodes, two at a time.
  void Ask() {
    cluster_.kubernetes().Put(
        prepull_, R"({"spec":{"images":["quay.io/a:1","quay.io/a:2"],)"
                  R"("concurrency":2}})");
  }
  JsonDocument Status() {
    return JsonDocument::Parse(cluster_.kubernetes().Text(prepull_)).value();
  }
  bool HasEnded() {
    const JsonDocument prepull = Status();
    for (const JsonValue each : prepull["status"]["conditions"].elements()) {
      if (each["type"].StringOrEmpty() == "Finished") {
        return each["status"].StringOrEmpty() == "True";
      }
    }
    return false;
  }
  int64_t Succeeded() {
    return Status()["status"]["nodes"]["succeeded"].integer().value_or(0);
  }
  // How many records each node has.
  std::map<std::string, int> Records() {
    std::map<std::string, int> records;
    for (const std::string& text : cluster_.kubernetes().Texts(
             {.resource = "configmaps", .object_namespace = "fleet"})) {
      const JsonDocument map = JsonDocument::Parse(text).value();
      for (const auto& [key, value] : map["data"].members()) {
        if (key[0] == 'w') ++records[std::string(key)];
      }
    }
    return records;
  }

  const KubeObject prepull_ = {.group_version = "prepull.dev/v1alpha1",
                               .resource = "prepulls",
                               .object_namespace = "fleet",
                               .name = "app"};
  TempFolder folder_;
  RunningCluster cluster_;
};

TEST_F(ControllerE2eTest, BringsAListToEveryNode) {
  PrepullProcess controller(InCluster());

  Ask();
  EXPECT_TRUE(AskUntil([this] { return HasEnded(); }));
  controller.Signal(SIGTERM);
  const Ended ended = controller.Wait();

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err, HasSubstr("controller stopped"));
  EXPECT_EQ(Succeeded(), 6);
  EXPECT_THAT(Records(), SizeIs(6));
  EXPECT_EQ(cluster_.kubernetes().Count("create", "jobs"), 6);
}

TEST_F(ControllerE2eTest, GoesOnWhereOneWasKilled) {
  Ask();
  for (int64_t nodes = 1; nodes < 6; ++nodes) {
    PrepullProcess controller(InCluster());
    EXPECT_TRUE(AskUntil([this, nodes] { return Succeeded() >= nodes; }));
    controller.Signal(SIGKILL);
    controller.Wait();
  }
  PrepullProcess controller(InCluster());

  EXPECT_TRUE(AskUntil([this] { return HasEnded(); }));

  EXPECT_EQ(Succeeded(), 6);
  EXPECT_THAT(Records(), SizeIs(6));
  EXPECT_THAT(Records(), Each(Pair(testing::_, 1)));
}

TEST_F(ControllerE2eTest, RefusesACommandLineWithoutItsImage) {
  const Ended ended =
      RunPrepull({"controller", "--kubeconfig", folder_.Path("kubeconfig")});

  EXPECT_THAT(ended, ExitsWith(2));
  EXPECT_THAT(ended.err, HasSubstr("--image is missing"));
}

}  // namespace
}  // namespace prepull
