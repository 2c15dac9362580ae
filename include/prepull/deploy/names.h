// Checks names, labels, quantities and folders by the rules of Kubernetes.
// Pure.
//
// All errors are INVALID_ARGUMENT and quote the text.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/
#ifndef PREPULL_DEPLOY_NAMES_H_
#define PREPULL_DEPLOY_NAMES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"

namespace prepull {

// A DNS-1123 label: of a Namespace, and of an object that names its pods.
absl::Status CheckDnsLabel(absl::string_view text);

// A DNS-1123 subdomain, labels joined by dots: of a Secret or PriorityClass.
absl::Status CheckDnsSubdomain(absl::string_view text);

// A path on the host that can be mounted: absolute, ASCII, without ".." and
// ":".
absl::Status CheckHostPath(absl::string_view text);

// Parses "KEY=VALUE", a label.
absl::StatusOr<Label> ParseLabel(absl::string_view text);

// Parses "KEY=VALUE", an annotation: its value is any text.
absl::StatusOr<Label> ParseAnnotation(absl::string_view text);

// Parses "NAME=VALUE", a variable of the environment.
absl::StatusOr<Label> ParseVariable(absl::string_view text);

// Parses "KIND/NAME/UID". KIND is one of Kubernetes' own, or has its version
// and group behind it: "ClusterGroupUpgrade.v1alpha1.ran.openshift.io".
absl::StatusOr<Owner> ParseOwner(absl::string_view text);

// A number from `least`, or a share from that to 100%.
absl::Status CheckShare(absl::string_view text, int least);

// Parses "KEY=VALUE:EFFECT" or a part of it, as kubectl taint does:
// "KEY=VALUE", "KEY:EFFECT", "KEY"; "all" tolerates every taint.
absl::StatusOr<Toleration> ParseToleration(absl::string_view text);

// Parses "cpu=10m,memory=16Mi" or one of them into `amounts`, where the other
// stays as it is. "none" removes one.
absl::Status ParseAmounts(absl::string_view text, Amounts& amounts);

// Checks that every request is within its limit: the server requires it.
absl::Status CheckResources(const Amounts& requests, const Amounts& limits);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_NAMES_H_
