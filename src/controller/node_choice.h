// Which nodes a Prepull is for. Pure.
#ifndef PREPULL_SRC_CONTROLLER_NODE_CHOICE_H_
#define PREPULL_SRC_CONTROLLER_NODE_CHOICE_H_

#include <map>
#include <string>
#include <vector>

#include "src/controller/prepull_spec.h"
#include "src/controller/views.h"

namespace prepull {

using NodeMap = std::map<std::string, NodeView>;  // by name

struct ChosenNode {
  std::string name = "";
  const NodeView* node = nullptr;  // null: there is no such node
  // Why it can never be asked; "" = it can.
  std::string why_not = "";
};

// Returns the nodes that the spec names, or those that its selector fits, or
// all: by name, each once. Of those it does not name, only those with a kubelet
// that runs Linux containers count, and cordoned ones as the spec says.
std::vector<ChosenNode> ChooseNodes(const PrepullSpec& spec,
                                    const NodeMap& nodes);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_NODE_CHOICE_H_
