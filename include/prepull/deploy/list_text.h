// The list of images in a ConfigMap. Pure.
#ifndef PREPULL_DEPLOY_LIST_TEXT_H_
#define PREPULL_DEPLOY_LIST_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// The maximum size of a ConfigMap without its keys
// (https://kubernetes.io/docs/concepts/configuration/configmap/).
constexpr size_t kMaxList = 1 << 20;
// From here on a list is nearly too large.
constexpr size_t kLargeList = 900 << 10;
// `kubectl apply` keeps a copy of the object in an annotation, and a server
// refuses annotations larger than 256 KiB ("metadata.annotations: Too long:
// must have at most 262144 bytes"); 2 KiB are for the rest of the object.
// `--server-side` keeps no copy.
constexpr size_t kMaxAnnotatedList = 254 << 10;

// Returns `text` as YAML can hold it: without a byte order mark, with Unix line
// ends and one newline at the end. Errors: INVALID_ARGUMENT  invalid UTF-8, or
// a control character; names the line.
absl::StatusOr<std::string> ListText(absl::string_view text);

// Errors: INVALID_ARGUMENT  too large for a ConfigMap.
absl::Status CheckListSize(absl::string_view list);

// Returns the size of `list` in that annotation, as JSON text of Go.
size_t SizeInAnnotation(absl::string_view list);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_LIST_TEXT_H_
