// The status of a Prepull: what it counts, what it tells of failures while it
// still tries, and its text for the API server. Pure.
//
// It is bounded, however many nodes and images there are.
#ifndef PREPULL_SRC_CONTROLLER_STATUS_TEXT_H_
#define PREPULL_SRC_CONTROLLER_STATUS_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "src/controller/node_fate.h"
#include "src/controller/views.h"

namespace prepull {

struct NodeCounts {
  int64_t total = 0;
  int64_t not_started = 0;
  int64_t active = 0;  // from the Job's creation to its end
  int64_t succeeded = 0;
  int64_t failed = 0;
  int64_t timed_out = 0;
  int64_t unreachable = 0;
};

// The same image that failed in the same way on some nodes.
struct SharedFailure {
  std::string image = "";
  std::string reason = "";
  std::string message = "";             // of the first of them
  std::vector<std::string> nodes = {};  // at most 10
  int64_t more = 0;
};

// A node that has failed, or whose next try is to come.
struct FailedNode {
  std::string node = "";
  std::string state = "";
  std::string reason = "";
  std::string image = "";  // the first that failed; "" = none in particular
  std::string message = "";
  std::string since = "";  // RFC 3339
  std::string pod = "";    // "2 of 3"
};

// What the nodes' fates come to.
struct FateSummary {
  NodeCounts nodes = {};
  ImageCounts images = {};  // over all nodes that have a result
  std::vector<SharedFailure> failures = {};   // at most 50
  std::vector<FailedNode> failed_nodes = {};  // at most 100
  int64_t failed_nodes_omitted = 0;
};

FateSummary Summarise(const std::vector<NodeFate>& fates, int64_t retry_times);

struct StatusFacts {
  std::string phase = "";
  std::string message = "";
  int64_t round = 1;
  std::string retry_at = "";
  std::string started_at = "";
  std::string list_hash = "";
  std::string list_name = "";  // of its ConfigMap
  int64_t images = 0;
  std::string resolved_at = "";
  FateSummary summary = {};
  // All of them, without `changed` and `generation`.
  std::vector<Condition> conditions = {};
};

// Returns the object to apply as the status of `prepull`. A condition that its
// present status has keeps the time of its last change.
std::string StatusText(const PrepullView& prepull, absl::string_view name_space,
                       const StatusFacts& facts, absl::Time now);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_STATUS_TEXT_H_
