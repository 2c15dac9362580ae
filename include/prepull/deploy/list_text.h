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
// `kubectl apply` keeps a copy of the object in an annotation, and a server
// refuses annotations of more than 256 KiB ("metadata.annotations: Too long:
// must have at most 262144 bytes"); 2 KiB are for the rest of the object.
// `--server-side` keeps none.
constexpr size_t kLargestAnnotatedList = 254 << 10;

// `text` as the ConfigMap holds it: without a byte order mark, with Unix line
// ends and one newline at the end. Errors: INVALID_ARGUMENT  too large for a
// ConfigMap, no UTF-8, or a control character; names the line.
absl::StatusOr<std::string> ListText(absl::string_view text);

// What `list` takes in that annotation, as a JSON text of Go's.
size_t SizeInAnnotation(absl::string_view list);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_LIST_TEXT_H_
