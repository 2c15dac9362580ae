// The node label that tells how a run ended. Pure.
//
// Source: https://github.com/stackrox/image-prefetcher/blob/main/docs/labels.md
#ifndef PREPULL_KUBE_NODE_LABEL_H_
#define PREPULL_KUBE_NODE_LABEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/run/exit_code.h"

namespace prepull {

// The key that selects AutoLabelKey.
inline constexpr absl::string_view kAutoLabelKey = "auto";

struct NodeLabel {
  std::string key = "";
  std::string succeeded = "succeeded";
  std::string failed = "failed";
  std::string incomplete = "incomplete";  // it can be continued
};

// Parses "KEY[=SUCCEEDED[,FAILED[,INCOMPLETE]]]"; a missing value keeps its
// default. Errors: INVALID_ARGUMENT  quotes the text.
absl::StatusOr<NodeLabel> ParseNodeLabel(absl::string_view text);

// Returns image-prefetcher's key for an instance of that name.
std::string AutoLabelKey(absl::string_view instance);

// Returns the value of `label` after a run that ended with `code`.
std::string ValueAfter(const NodeLabel& label, ExitCode code);

}  // namespace prepull

#endif  // PREPULL_KUBE_NODE_LABEL_H_
