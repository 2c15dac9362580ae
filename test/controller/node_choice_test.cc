#include "src/controller/node_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

NodeMap MixedNodes() {
  return {{"w1", {.labels = {{"pool", "gpu"}}, .os = "linux"}},
          {"w2", {.os = "linux", .is_ready = true}},
          {"cordoned", {.os = "linux", .is_cordoned = true}},
          {"win", {.labels = {{"kubernetes.io/os", "windows"}}}},
          {"win2", {.os = "windows"}},
          {"fargate",
           {.labels = {{"eks.amazonaws.com/compute-type", "fargate"}},
            .os = "linux"}},
          {"virtual", {.labels = {{"type", "virtual-kubelet"}}}}};
}

std::vector<std::string> NamesOf(const std::vector<ChosenNode>& nodes) {
  std::vector<std::string> names;
  for (const ChosenNode& each : nodes) names.push_back(each.name);
  return names;
}

TEST(NodeChoiceTest, TakesAllNodesThatRunLinuxContainers) {
  const NodeMap nodes = MixedNodes();

  const std::vector<ChosenNode> chosen = ChooseNodes({}, nodes);

  EXPECT_THAT(NamesOf(chosen), ElementsAre("cordoned", "w1", "w2"));
  EXPECT_EQ(chosen[2].node, &nodes.at("w2"));
  EXPECT_EQ(chosen[2].why_not, "");
}

TEST(NodeChoiceTest, LeavesCordonedNodesAsTheSpecSays) {
  EXPECT_THAT(NamesOf(ChooseNodes({.includes_cordoned = false}, MixedNodes())),
              ElementsAre("w1", "w2"));
}

TEST(NodeChoiceTest, TakesThoseThatTheSelectorFits) {
  EXPECT_THAT(
      NamesOf(ChooseNodes({.nodes = LabelSelector{.labels = {{"pool", "gpu"}}}},
                          MixedNodes())),
      ElementsAre("w1"));
  EXPECT_THAT(
      NamesOf(ChooseNodes({.nodes = LabelSelector{.labels = {{"pool", "x"}}}},
                          MixedNodes())),
      IsEmpty());
}

// Whoever names a node hears of it, whatever it is.
TEST(NodeChoiceTest, SaysWhyANamedNodeCannotBeAsked) {
  const std::vector<ChosenNode> chosen = ChooseNodes(
      {.node_names = {"win2", "gone", "fargate", "virtual", "cordoned", "gone"},
       .includes_cordoned = false},
      MixedNodes());

  ASSERT_THAT(NamesOf(chosen),
              ElementsAre("cordoned", "fargate", "gone", "virtual", "win2"));
  EXPECT_EQ(chosen[0].why_not, "");
  EXPECT_EQ(chosen[1].why_not,
            "the node is of Fargate, which shows no container runtime");
  EXPECT_EQ(chosen[2].why_not, "there is no such node");
  EXPECT_EQ(chosen[2].node, nullptr);
  EXPECT_EQ(chosen[3].why_not,
            "the node is a virtual kubelet, which has no container runtime");
  EXPECT_EQ(chosen[4].why_not, "the node runs windows");
}

}  // namespace
}  // namespace prepull
