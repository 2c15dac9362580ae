// Where the next page of a list is, as a registry says it. Pure.
//
// Source: https://www.rfc-editor.org/rfc/rfc8288
// https://distribution.github.io/distribution/spec/api/#pagination
#ifndef PREPULL_REGISTRY_PAGE_LINK_H_
#define PREPULL_REGISTRY_PAGE_LINK_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// The target of the first link whose relation is "next", as written; empty if
// there is none.
std::string NextPage(absl::string_view link_header);

}  // namespace prepull

#endif  // PREPULL_REGISTRY_PAGE_LINK_H_
