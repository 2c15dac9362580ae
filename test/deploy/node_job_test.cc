#include "prepull/deploy/node_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>

#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

NodePods Pods() {
  return {.name_space = "prepull", .image = "registry.example/prepull:1"};
}

NodeJob Fetch() {
  return {.name = "app-1f3870be27",
          .prepull = "app",
          .prepull_uid = "0f6c1b2a-9d00-4b1c-8f00-000000000001",
          .node = "w7.example",
          .round = 2,
          .list_hash = "0ed9e5f3c7f62b06",
          .list_config_map = "app-0ed9e5f3c7f62b06",
          .deadline = absl::FromUnixSeconds(1790000000),
          .retry_times = 2};
}

// JSON is YAML.
YAML::Node Read(const NodeJob& job, const NodePods& pods) {
  return YAML::Load(NodeJobJson(job, pods));
}

YAML::Node PodOf(const YAML::Node& job) {
  return job["spec"]["template"]["spec"];
}

YAML::Node ContainerOf(const YAML::Node& job) {
  return PodOf(job)["containers"][0];
}

std::vector<std::string> Arguments(const YAML::Node& job) {
  return ContainerOf(job)["args"].as<std::vector<std::string>>();
}

// What the golden file holds, which test/e2e/api_server_test.py gives to a real
// API server; after it was written anew if that is wanted.
std::string Golden(const std::string& name, const std::string& now) {
  const std::string path = "test/golden/node_job/" + name + ".json";
  const char* update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::ofstream(path, std::ios::binary) << now << "\n";
  }
  return ReadAll(path);
}

TEST(NodeJobTest, IsAJobOfOneNode) {
  const std::string json = NodeJobJson(Fetch(), Pods());

  EXPECT_EQ(json + "\n", Golden("fetch", json));
}

TEST(NodeJobTest, HasAllThatAPrepullMayAskFor) {
  NodePods pods = Pods();
  pods.storage_folder = "/var/lib/containerd";
  for (const NodeTask task : {NodeTask::kFetch, NodeTask::kCheck}) {
    NodeJob job = Fetch();
    job.task = task;
    job.secrets = {"team-a"};
    job.line_secrets = {"team-a", "team-b"};
    job.priority_class = "system-node-critical";
    job.check_items = {"disk", "cpu", "mem"};
    job.space_required = "35GiB";

    const std::string json = NodeJobJson(job, pods);

    EXPECT_EQ(
        json + "\n",
        Golden(task == NodeTask::kFetch ? "fetch-all" : "check-all", json));
  }
}

TEST(NodeJobTest, ChecksWithItsOwnCommand) {
  NodeJob job = Fetch();
  job.task = NodeTask::kCheck;
  job.check_items = {"disk", "mem"};
  job.space_required = "35GiB";

  const YAML::Node check = Read(job, Pods());

  EXPECT_THAT(Arguments(check),
              ElementsAre("check", "--preflight",
                          "--image-list-file=/etc/prepull/list/images.txt",
                          "--cri-socket=/run/containerd/containerd.sock",
                          "--overall-timeout=30m", "--check-items=disk,mem",
                          "--space-required=35GiB"));
  EXPECT_EQ(ContainerOf(check)["name"].as<std::string>(), "check");
  EXPECT_EQ(check["metadata"]["annotations"][std::string(kTaskAnnotation)]
                .as<std::string>(),
            "Check");
  EXPECT_THAT(NodeJobJson(job, Pods()),
              HasSubstr(R"({"containerName":"check",)"));
}

// It would say the same.
TEST(NodeJobTest, DoesNotRepeatACheck) {
  NodeJob job = Fetch();
  job.task = NodeTask::kCheck;

  EXPECT_EQ(Read(job, Pods())["spec"]["backoffLimit"].as<int>(), 0);
}

TEST(NodeJobTest, MountsEachSecretInAFolderOfItsOwn) {
  NodeJob job = Fetch();
  job.secrets = {"team-a", "team-b"};
  job.line_secrets = {"team-b", "db"};

  const YAML::Node fetch = Read(job, Pods());

  EXPECT_THAT(Arguments(fetch),
              ElementsAre("fetch", testing::_, testing::_, testing::_,
                          "--docker-config=/etc/prepull/pull-secret/team-a",
                          "--docker-config=/etc/prepull/pull-secret/team-b",
                          "--secrets-dir=/etc/prepull/secrets"));
  std::vector<std::string> mounted;
  for (size_t i = 2; i < PodOf(fetch)["volumes"].size(); ++i) {
    const YAML::Node volume = PodOf(fetch)["volumes"][i];
    const YAML::Node mount = ContainerOf(fetch)["volumeMounts"][i];
    EXPECT_EQ(volume["name"].as<std::string>(),
              mount["name"].as<std::string>());
    EXPECT_TRUE(volume["secret"]["optional"].as<bool>());
    EXPECT_TRUE(mount["readOnly"].as<bool>());
    mounted.push_back(volume["secret"]["secretName"].as<std::string>() + " " +
                      mount["mountPath"].as<std::string>());
  }
  EXPECT_THAT(mounted, ElementsAre("team-a /etc/prepull/pull-secret/team-a",
                                   "team-b /etc/prepull/pull-secret/team-b",
                                   "team-b /etc/prepull/secrets/team-b",
                                   "db /etc/prepull/secrets/db"));
}

TEST(NodeJobTest, EndsItsPodsBeforeItself) {
  NodeJob job = Fetch();
  job.timeout = absl::Minutes(90);

  const YAML::Node fetch = Read(job, Pods());

  EXPECT_THAT(Arguments(fetch), testing::Contains("--overall-timeout=1h30m"));
  EXPECT_EQ(PodOf(fetch)["activeDeadlineSeconds"].as<int>(), 5400 + 60);
  EXPECT_EQ(fetch["spec"]["activeDeadlineSeconds"].as<int>(), 5400 + 300);
}

TEST(NodeJobTest, HasNoEndOfDayUnlessThereIsOne) {
  NodeJob job = Fetch();
  job.deadline = absl::InfiniteFuture();

  EXPECT_THAT(NodeJobJson(job, Pods()), Not(HasSubstr("PREPULL_DEADLINE")));
}

TEST(NodeJobTest, TakesFromTheControllerWhatAPodMayDo) {
  NodePods pods = Pods();
  pods.flavor = Flavor::kOpenShift;
  pods.storage_folder = "/var/lib/containers";
  pods.service_account = "node";

  const YAML::Node fetch = Read(Fetch(), pods);

  EXPECT_THAT(Arguments(fetch),
              testing::IsSupersetOf(
                  {"--cri-socket=/run/crio/crio.sock", "--host-root=/host"}));
  EXPECT_EQ(ContainerOf(fetch)["securityContext"]["seLinuxOptions"]["type"]
                .as<std::string>(),
            "spc_t");
  EXPECT_EQ(fetch["spec"]["template"]["metadata"]["annotations"]
                 ["openshift.io/required-scc"]
                     .as<std::string>(),
            "prepull.prepull.node");
  EXPECT_EQ(PodOf(fetch)["volumes"][2]["hostPath"]["path"].as<std::string>(),
            "/var/lib/containers");
  EXPECT_EQ(
      ContainerOf(fetch)["volumeMounts"][2]["mountPath"].as<std::string>(),
      "/host/var/lib/containers");
}

TEST(NodeJobTest, TakesFromThePrepullItsPriority) {
  NodeJob job = Fetch();
  job.priority_class = "background";

  EXPECT_EQ(PodOf(Read(job, Pods()))["priorityClassName"].as<std::string>(),
            "background");
}

// Nothing but the object's schema checks names, so whatever comes must stay
// inside its quotes, and no variable of the pod replaces it.
TEST(NodeJobTest, LetsNoTextBreakOut) {
  const std::string hostile = "x\"},\n{\"$(NODE_NAME)\\ '";
  const std::string literal = "x\"},\n{\"$$(NODE_NAME)\\ '";
  NodeJob job = Fetch();
  job.name = job.prepull = job.prepull_uid = job.node = hostile;
  job.list_hash = job.list_config_map = job.priority_class = hostile;
  job.secrets = job.line_secrets = job.check_items = {hostile};
  job.space_required = hostile;

  const YAML::Node fetch = Read(job, Pods());

  EXPECT_EQ(fetch["metadata"]["name"].as<std::string>(), hostile);
  EXPECT_EQ(PodOf(fetch).size(), PodOf(Read(Fetch(), Pods())).size() + 1);
  EXPECT_EQ(ContainerOf(fetch)["env"][0]["value"].as<std::string>(), literal);
  EXPECT_THAT(Arguments(fetch),
              testing::Contains("--space-required=" + literal));
  EXPECT_EQ(
      PodOf(fetch)["volumes"][2]["secret"]["secretName"].as<std::string>(),
      hostile);
}

}  // namespace
}  // namespace prepull
