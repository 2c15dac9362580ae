// What the golden files of test/e2e/manifest_test.py do not show.
#include "prepull/deploy/deployment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace prepull {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

DeploymentOptions Options(Workload workload) {
  return {.workload = workload,
          .name = "my-images",
          .image = "prepull:1",
          .list = "quay.io/a:1\n",
          .list_hash = "508b6fb7e42d430b"};
}

TEST(TimeForAllTriesTest, HoldsEveryRunAndThePausesBetweenThem) {
  DeploymentOptions options = Options(Workload::kJob);
  options.overall_timeout = absl::Minutes(20);

  options.backoff_limit = 0;
  EXPECT_EQ(TimeForAllTries(options), absl::Minutes(25));
  options.backoff_limit = 2;
  EXPECT_EQ(TimeForAllTries(options), absl::Minutes(67) + absl::Seconds(30));
}

TEST(TimeForAllTriesTest, KnowsThatPausesEndAtTenMinutes) {
  DeploymentOptions options = Options(Workload::kJob);
  options.backoff_limit = 7;
  const absl::Duration seven = TimeForAllTries(options);
  options.backoff_limit = 8;

  EXPECT_EQ(TimeForAllTries(options) - seven,
            absl::Minutes(10) + absl::Minutes(21));
}

TEST(RenderDeploymentTest, TakesTheDeadlineThatWasAskedFor) {
  DeploymentOptions options = Options(Workload::kJob);
  options.deadline = absl::Milliseconds(3600500);

  EXPECT_THAT(RenderDeployment(options),
              HasSubstr("activeDeadlineSeconds: 3601\n"));
}

TEST(FetchArgumentsTest, LeaveFetchItsOwnDefaults) {
  const auto words = FetchArguments(Options(Workload::kJob));

  EXPECT_THAT(words, Not(Contains(StartsWith("--nice"))));
  EXPECT_THAT(words, Not(Contains(StartsWith("--ionice"))));
  EXPECT_THAT(words, Not(Contains(StartsWith("--concurrency"))));
  EXPECT_THAT(words, Not(Contains(StartsWith("--status-file"))));
}

TEST(FetchArgumentsTest, PassNicenessOnWhenItIsGiven) {
  DeploymentOptions options = Options(Workload::kJob);
  options.nice = 0;
  options.ionice_class = "best-effort";
  options.ionice_priority = 4;

  EXPECT_THAT(FetchArguments(options),
              IsSupersetOf({"--nice=0", "--ionice-class=best-effort",
                            "--ionice-priority=4"}));
  EXPECT_THAT(RenderDeployment(options), Not(HasSubstr("SYS_NICE")));
}

TEST(FetchArgumentsTest, HoldNothingThatKubernetesWouldReplace) {
  DeploymentOptions options = Options(Workload::kJob);
  options.cri_socket = "/run/$(NODE_NAME)/$$.sock";

  EXPECT_THAT(FetchArguments(options),
              Contains("--cri-socket=/run/$$(NODE_NAME)/$$$$.sock"));
  EXPECT_THAT(RenderDeployment(options),
              HasSubstr("mountPath: \"/run/$(NODE_NAME)\"\n"));
}

// Nothing but these functions' callers checks names, so whatever comes must
// stay inside its quotes.
TEST(RenderDeploymentTest, LetsNoOptionBreakOut) {
  const std::string hostile = "x\"\n---\nkind: Secret\n# '";
  DeploymentOptions options = Options(Workload::kDaemonSet);
  options.flavor = Flavor::kOpenShift;
  options.with_namespace = true;
  options.name = options.image = options.name_space = hostile;
  options.secret = options.priority_class = options.concurrency = hostile;
  options.ionice_class = options.requests.cpu = hostile;
  options.cri_socket = options.status_folder = "/" + hostile + "/s";
  options.line_secrets = {hostile};
  options.storage_folder = "/" + hostile;
  options.node_label = hostile;
  options.fetch_flags = {hostile};
  options.node_selector = {{hostile, hostile}};
  options.tolerations = {{hostile, hostile, hostile}};
  options.labels = options.annotations = {{hostile, hostile}};
  options.environment = {{hostile, hostile}};
  options.owner = {hostile, hostile, hostile, hostile};
  options.max_nodes = options.result_configmap = hostile;

  const std::vector<YAML::Node> objects =
      YAML::LoadAll(RenderDeployment(options));

  ASSERT_EQ(objects.size(), 12u);
  const YAML::Node workload = objects[11];
  const YAML::Node pod = workload["spec"]["template"]["spec"];
  EXPECT_EQ(workload["metadata"]["name"].as<std::string>(), hostile);
  EXPECT_EQ(workload["metadata"]["annotations"][hostile].as<std::string>(),
            hostile);
  EXPECT_EQ(pod["nodeSelector"][hostile].as<std::string>(), hostile);
  EXPECT_EQ(pod["tolerations"][0]["key"].as<std::string>(), hostile);
  EXPECT_EQ(pod["initContainers"][0]["image"].as<std::string>(), hostile);
}

}  // namespace
}  // namespace prepull
