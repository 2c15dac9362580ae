// What the golden files of test/e2e/controller_manifest_test.py do not show.
#include "prepull/deploy/controller_deployment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "src/deploy/admission_policy.h"
#include "src/deploy/node_pod.h"

namespace prepull {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

NodePods AllPods() {
  return {.name_space = "prepull",
          .image = "prepull:1",
          .cri_socket = "/run/$x/c.sock",
          .storage_folder = "/var/lib/containerd"};
}

// A Job of either task with all that a Prepull may ask for.
NodeJob FullJob(NodeTask task) {
  return {.name = "a-1",
          .prepull = "a",
          .node = "w1",
          .task = task,
          .deadline = absl::UnixEpoch(),
          .secrets = {"x"},
          .line_secrets = {"y"},
          .priority_class = "low",
          .check_items = {"disk"},
          .space_required = "1GiB"};
}

bool IsOfForm(const std::string& argument,
              const std::vector<ArgumentForm>& forms) {
  return std::any_of(forms.begin(), forms.end(), [&](const ArgumentForm& form) {
    return form.is_begin ? absl::StartsWith(argument, form.text)
                         : argument == form.text;
  });
}

// Else the server would refuse the controller's own Jobs.
TEST(AdmissionPolicyTest, KnowsAllThatAJobHas) {
  const std::vector<ArgumentForm> forms = NodeArgumentForms(AllPods());
  for (const NodeTask task : {NodeTask::kFetch, NodeTask::kCheck}) {
    const YAML::Node container = YAML::Load(NodeJobJson(
        FullJob(task), AllPods()))["spec"]["template"]["spec"]["containers"][0];

    for (const YAML::Node& argument : container["args"]) {
      EXPECT_TRUE(IsOfForm(argument.as<std::string>(), forms)) << argument;
    }
    std::set<std::string> variables;
    for (const YAML::Node& each : container["env"]) {
      variables.insert(each["name"].as<std::string>());
    }
    EXPECT_THAT(variables, ElementsAre(std::string(kNodeVariable),
                                       std::string(kDeadlineVariable)));
  }
}

TEST(AdmissionPolicyTest, LeavesNoArgumentOpenThatNamesAFolderOfTheHost) {
  const std::vector<ArgumentForm> forms = NodeArgumentForms(AllPods());

  for (const char* argument :
       {"unpin", "--cri-socket=/run/x/c.sock", "--host-root=/", "--pin",
        "--status-file=/run/a", "--docker-config=/etc/x",
        "--secrets-dir=/etc/prepull/secrets/x", "--termination-log=/a",
        "--image-credential-provider-config=/a"}) {
    EXPECT_FALSE(IsOfForm(argument, forms)) << argument;
  }
}

std::vector<std::string> KindsOf(const std::vector<YAML::Node>& objects) {
  std::vector<std::string> kinds;
  kinds.reserve(objects.size());
  for (const YAML::Node& each : objects) {
    kinds.push_back(each["kind"].as<std::string>());
  }
  return kinds;
}

// Nothing but the callers of this function checks names.
TEST(RenderControllerTest, LetsNoOptionBreakOut) {
  const std::string hostile = "x\"\n---\nkind: Secret\n# '\\";
  ControllerDeployment deployment = {
      .pods = {.name_space = hostile,
               .image = hostile,
               .service_account = hostile,
               .flavor = Flavor::kOpenShift,
               .cri_socket = "/" + hostile + "/s",
               .storage_folder = "/" + hostile},
      .with_namespace = true,
      .labels = {{hostile, hostile}},
      .annotations = {{hostile, hostile}},
      .allowed_secrets = {hostile},
      .secret = hostile,
      .environment = {{hostile, hostile}}};
  ControllerDeployment tame = {
      .pods = {.name_space = "a", .image = "b", .flavor = Flavor::kOpenShift},
      .with_namespace = true};

  const std::vector<YAML::Node> objects =
      YAML::LoadAll(RenderController(deployment));

  EXPECT_EQ(KindsOf(objects), KindsOf(YAML::LoadAll(RenderController(tame))));
  const YAML::Node pod = objects.back()["spec"]["template"]["spec"];
  EXPECT_EQ(pod["containers"][0]["image"].as<std::string>(), hostile);
  EXPECT_THAT(pod["containers"][0]["args"].as<std::vector<std::string>>(),
              Contains("--namespace=" + hostile));
}

// CEL has JSON's escapes.
TEST(RenderControllerTest, QuotesWhatAnExpressionCompares) {
  ControllerDeployment deployment = {
      .pods = {.name_space = "a", .image = "b\" || true || \"\\"}};

  const std::vector<YAML::Node> objects =
      YAML::LoadAll(RenderController(deployment));

  std::vector<std::string> expressions;
  for (const YAML::Node& each : objects) {
    if (each["kind"].as<std::string>() != "ValidatingAdmissionPolicy") continue;
    for (const YAML::Node& rule : each["spec"]["validations"]) {
      expressions.push_back(rule["expression"].as<std::string>());
    }
  }
  EXPECT_THAT(expressions, Contains("variables.container.image == "
                                    "\"b\\\" || true || \\\"\\\\\""));
}

}  // namespace
}  // namespace prepull
