// Where the next page of a list is, as a registry says it. Pure.
//
// Source: https://www.rfc-editor.org/rfc/rfc8288
// https://distribution.github.io/distribution/spec/api/#pagination
#ifndef PREPULL_SRC_REGISTRY_PAGE_LINK_H_
#define PREPULL_SRC_REGISTRY_PAGE_LINK_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

namespace prepull {

// The target of the first link whose relation is "next", as written; empty if
// there is none. Errors: INVALID_ARGUMENT  names the header Link: what cannot
// be read may have been a next page.
absl::StatusOr<std::string> NextPage(absl::string_view link_header);

// The same of all headers Link of `response`.
absl::StatusOr<std::string> NextPage(const HttpResponse& response);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_PAGE_LINK_H_
