#include "src/controller/node_choice.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "src/controller/label_match.h"

namespace prepull {
namespace {

std::string LabelOr(const NodeView& node, const std::string& key) {
  const auto found = node.labels.find(key);
  return found != node.labels.end() ? found->second : "";
}

// Why no pod there could reach a container runtime; "" = one could.
// Sources: https://docs.aws.amazon.com/eks/latest/userguide/fargate.html and
// https://virtual-kubelet.io/docs/
std::string WhyWithoutRuntime(const NodeView& node) {
  const std::string label = LabelOr(node, "kubernetes.io/os");
  const std::string& os = label.empty() ? node.os : label;
  if (!os.empty() && os != "linux") return absl::StrCat("runs ", os);
  if (LabelOr(node, "eks.amazonaws.com/compute-type") == "fargate") {
    return "is of Fargate, which shows no container runtime";
  }
  if (LabelOr(node, "type") == "virtual-kubelet") {
    return "is a virtual kubelet, which has no container runtime";
  }
  return "";
}

ChosenNode Named(const std::string& name, const NodeMap& nodes) {
  const auto found = nodes.find(name);
  if (found == nodes.end()) {
    return {.name = name, .why_not = "there is no such node"};
  }
  std::string why = WhyWithoutRuntime(found->second);
  if (!why.empty()) why = absl::StrCat("the node ", why);
  return {.name = name, .node = &found->second, .why_not = std::move(why)};
}

}  // namespace

std::vector<ChosenNode> ChooseNodes(const PrepullSpec& spec,
                                    const NodeMap& nodes) {
  std::vector<ChosenNode> chosen;
  const std::set<std::string> names(spec.node_names.begin(),
                                    spec.node_names.end());
  chosen.reserve(names.size());
  for (const std::string& name : names) chosen.push_back(Named(name, nodes));
  if (!names.empty()) return chosen;
  for (const auto& [name, node] : nodes) {
    if (node.is_cordoned && !spec.includes_cordoned) continue;
    if (spec.nodes && !Fits(*spec.nodes, node.labels)) continue;
    if (!WhyWithoutRuntime(node).empty()) continue;
    chosen.push_back({.name = name, .node = &node});
  }
  return chosen;
}

}  // namespace prepull
