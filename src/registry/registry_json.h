// The JSON that a registry and its token server answer with. Pure.
//
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
// https://distribution.github.io/distribution/spec/auth/token/
#ifndef PREPULL_SRC_REGISTRY_REGISTRY_JSON_H_
#define PREPULL_SRC_REGISTRY_REGISTRY_JSON_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// {"token": …} or {"access_token": …}. Errors: INVALID_ARGUMENT  neither is
// there; shows nothing of the text.
absl::StatusOr<std::string> ParseToken(absl::string_view json);

// {"name": …, "tags": […]}; null for no tags is what some write. Errors:
// INVALID_ARGUMENT  it is no such list, or a tag in it is
// longer than tags may be.
absl::StatusOr<std::vector<std::string>> ParseTagList(absl::string_view json);

// The first of {"errors": [{"code": …, "message": …}]} as "CODE: message",
// printable and bounded; empty if it is no such thing.
std::string DescribeErrors(absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_REGISTRY_JSON_H_
