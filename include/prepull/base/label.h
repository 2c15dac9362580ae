// The grammar of Kubernetes' labels and names of objects. Pure.
//
// All errors are INVALID_ARGUMENT and show the text.
// Source:
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
#ifndef PREPULL_BASE_LABEL_H_
#define PREPULL_BASE_LABEL_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

// RFC 1123: labels with dots between them.
bool IsDnsSubdomain(absl::string_view text);

// "[PREFIX/]NAME".
absl::Status CheckLabelKey(absl::string_view key);

absl::Status CheckLabelValue(absl::string_view value);

}  // namespace prepull

#endif  // PREPULL_BASE_LABEL_H_
