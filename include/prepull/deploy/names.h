// What Kubernetes takes for names, labels, quantities and folders, checked
// before it is asked. Pure.
//
// Errors are all INVALID_ARGUMENT with a sentence that shows the text.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/
#ifndef PREPULL_DEPLOY_NAMES_H_
#define PREPULL_DEPLOY_NAMES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"

namespace prepull {

// RFC 1123: of a Namespace, and of what names its pods.
absl::Status CheckDnsLabel(absl::string_view text);

// Labels with dots between them: of a Secret, or of a PriorityClass.
absl::Status CheckDnsSubdomain(absl::string_view text);

// A path on the host that can be mounted: absolute, without "..", ":" and
// what is not ASCII.
absl::Status CheckHostPath(absl::string_view text);

// "KEY=VALUE".
absl::StatusOr<Label> ParseLabel(absl::string_view text);

// "KEY=VALUE:EFFECT" or less of it, as kubectl taint has it: "KEY=VALUE",
// "KEY:EFFECT", "KEY"; "all" tolerates every taint.
absl::StatusOr<Toleration> ParseToleration(absl::string_view text);

// "cpu=10m,memory=16Mi" or one of them; the other stays. "none" takes one
// away.
absl::Status ParseAmounts(absl::string_view text, Amounts& amounts);

// Whether every request is within its limit: a server refuses others.
absl::Status CheckResources(const Amounts& requests, const Amounts& limits);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_NAMES_H_
