// Reads what a registry and its token server respond. Pure.
//
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
// https://distribution.github.io/distribution/spec/auth/token/
#ifndef PREPULL_SRC_REGISTRY_RESPONSES_H_
#define PREPULL_SRC_REGISTRY_RESPONSES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

namespace prepull {

// Whether this status means that the server is busy or broken for now.
bool IsBusy(int http_status);

// Whether this is a page for people, as a proxy or a login page sends it in
// place of the registry. `head` needs no body.
bool IsHtml(const HttpResponse& head);

// Returns OK for a 200 that is not HTML. `server` is what messages begin with.
// Errors: UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND  as the HTTP status
// says; DATA_LOSS  HTML; RESOURCE_EXHAUSTED  429, and UNAVAILABLE  busy, both
// passing; FAILED_PRECONDITION  any other.
absl::Status CheckResponse(absl::string_view server,
                           const HttpResponse& response);

// Returns the first of {"errors": [{"code": …, "message": …}]} as
// "CODE: message", printable and bounded, or "" if there is none.
std::string DescribeErrors(absl::string_view json);

// Reads {"token": …} or {"access_token": …}. Errors: INVALID_ARGUMENT  there is
// no token; shows nothing of the text.
absl::StatusOr<std::string> ParseToken(absl::string_view json);

// Reads {"name": …, "tags": […]}; some write null for no tags. Errors:
// INVALID_ARGUMENT  not such a list, or a tag is longer than allowed.
absl::StatusOr<std::vector<std::string>> ParseTagList(absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_RESPONSES_H_
