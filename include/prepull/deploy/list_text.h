// A list of images on its way into a ConfigMap. Pure.
#ifndef PREPULL_DEPLOY_LIST_TEXT_H_
#define PREPULL_DEPLOY_LIST_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// What a ConfigMap holds at most, its keys not counted
// (https://kubernetes.io/docs/concepts/configuration/configmap/).
constexpr size_t kLargestList = 1 << 20;
// From here on a list is about to be too large.
constexpr size_t kLargeList = 900 << 10;
// `kubectl apply` keeps a copy in an annotation, which the server cuts off
// here; some of it is for the rest of the object. `--server-side` keeps none.
constexpr size_t kLargestAppliedList = 250 << 10;

// `text` as the ConfigMap holds it: without a byte order mark, with Unix line
// ends and one newline at the end. Errors: INVALID_ARGUMENT  too large for a
// ConfigMap, no UTF-8, or a control character; names the line.
absl::StatusOr<std::string> ListText(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_LIST_TEXT_H_
