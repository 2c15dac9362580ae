// The result of one node as the record keeps it: a text in a ConfigMap under
// the node's name. Pure.
#ifndef PREPULL_SRC_CONTROLLER_NODE_RECORD_H_
#define PREPULL_SRC_CONTROLLER_NODE_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/kube/job_state.h"
#include "prepull/report/machine_line.h"

namespace prepull {

struct NodeRecord {
  std::string job_uid = "";
  std::string list_hash = "";
  std::string task = "";  // "Fetch", "Check"
  int64_t round = 0;
  NodeState state = NodeState::kFailed;
  std::string why = "";
  std::string ended_at = "";               // RFC 3339
  int64_t pods = 0;                        // that have run
  std::optional<int> code = std::nullopt;  // with which the last one ended
  std::string line = "";  // the machine line; "" if the pod left none

  // Of the line; empty without one.
  ImageCounts counts = {};
  int64_t bytes = 0;
  std::vector<MachineResult::Failure> failures = {};
};

// Takes what `message`, of a pod of the list `list_hash`, says into `record`;
// a message without a line of that list says nothing.
void TakeMachineLine(absl::string_view message, NodeRecord& record);

// Returns the text for the ConfigMap, one line of JSON.
std::string RecordText(const NodeRecord& record);

// Reads records of later versions, too. Errors: INVALID_ARGUMENT  it is none.
absl::StatusOr<NodeRecord> ParseRecord(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_NODE_RECORD_H_
