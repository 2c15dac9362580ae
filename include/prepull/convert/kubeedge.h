// Converts KubeEdge's ImagePrePullJob into a Prepull. Pure.
//
// It reads the two released forms (operations.kubeedge.io/v1alpha1, v1alpha2),
// and that of the proposal for several registries: images by their parts, each
// with a Secret, and overriders by node label.
// Source: https://github.com/kubeedge/kubeedge/tree/master/docs/proposals
#ifndef PREPULL_CONVERT_KUBEEDGE_H_
#define PREPULL_CONVERT_KUBEEDGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/deploy/prepull_object.h"

namespace prepull {

// More than an object of etcd has.
inline constexpr int64_t kMaxKubeEdgeBytes = 2 << 20;

struct ConvertedJob {
  PrepullObject prepull = {};
  // What has no counterpart or another meaning, a sentence each, with its
  // field: "spec.imagePrePullTemplate.concurrency: ...".
  std::vector<std::string> warnings = {};
};

// Converts the jobs of a YAML or JSON text: one, several documents, or a List
// as kubectl prints it. Errors: INVALID_ARGUMENT  invalid YAML, no job in it,
// or a value that no job can have; names line and field.
absl::StatusOr<std::vector<ConvertedJob>> ConvertKubeEdge(
    absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_CONVERT_KUBEEDGE_H_
