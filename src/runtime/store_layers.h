// The list of layers of containers/storage, layers.json. Pure.
//
// Read as a stream: of a node with thousands of layers it has megabytes, and
// what is kept is two digests of each.
#ifndef PREPULL_SRC_RUNTIME_STORE_LAYERS_H_
#define PREPULL_SRC_RUNTIME_STORE_LAYERS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/runtime/committed_layers.h"

namespace prepull {

// Returns the layers that are committed: not those that are being unpacked or
// deleted, nor those of containers. "" is an empty store.
// Errors: INVALID_ARGUMENT  "invalid JSON: " and why, or "expected a list of
// layers"
absl::StatusOr<LayerSet> ParseStoreLayers(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_STORE_LAYERS_H_
