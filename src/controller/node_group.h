// The lists of a Prepull: one for all nodes, and one for each of its overrides.
// Pure.
#ifndef PREPULL_SRC_CONTROLLER_NODE_GROUP_H_
#define PREPULL_SRC_CONTROLLER_NODE_GROUP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/image/reference.h"
#include "prepull/list/image_request.h"
#include "src/controller/prepull_spec.h"
#include "src/controller/views.h"

namespace prepull {

// Nodes that get the same list with the same Secrets.
struct NodeGroup {
  std::string id = "";  // 8 hex digits of its selector; "" = all other nodes
  std::string list_hash = "";
  std::string text = "";                 // of the list, in its normal form
  std::vector<std::string> images = {};  // their names, in order
  std::vector<std::string> secrets = {};
  std::vector<std::string> line_secrets = {};
};

// Returns the requests of the lines of `spec.images`, with what the spec says
// for all images. Errors: INVALID_ARGUMENT  names the line: "spec.images[2]".
absl::StatusOr<std::vector<ImageRequest>> NamedImages(const PrepullSpec& spec);

// Adds what `spec` says for all images to the options of each.
void TakeOptions(const PrepullSpec& spec, std::vector<ImageRequest>& requests);

// Returns `reference` after the changes to its parts, in their order: Registry
// is the host (removed, Docker Hub), Repository the path behind it, Tag the tag
// or digest. Errors: INVALID_ARGUMENT  the result is no reference.
absl::StatusOr<Reference> Overridden(const Reference& reference,
                                     const std::vector<PartOverride>& parts);

// Returns the groups for the list `text`, which is in its normal form: one for
// each override of the spec, in their order, and that of all other nodes last.
// Errors: INVALID_ARGUMENT  names the override; a list is too large for a
// ConfigMap, or a Secret is not among `allowed_secrets`.
absl::StatusOr<std::vector<NodeGroup>> GroupsOf(
    const PrepullSpec& spec, absl::string_view text,
    const std::vector<std::string>& allowed_secrets);

// Returns the place in GroupsOf of the group that a node with these labels is
// in.
size_t GroupOfNode(const PrepullSpec& spec, const LabelMap& labels);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_NODE_GROUP_H_
