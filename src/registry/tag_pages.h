// Lists the tags of a repository, page by page.
//
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
#ifndef PREPULL_SRC_REGISTRY_TAG_PAGES_H_
#define PREPULL_SRC_REGISTRY_TAG_PAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "src/registry/request_router.h"

namespace prepull {

// Returns all tags of the repository at `place`, in the registry's order.
// Errors: as RequestRouter::Ask and CheckResponse; RESOURCE_EXHAUSTED  too many
// of them; INVALID_ARGUMENT  a page is malformed, or leads elsewhere.
absl::StatusOr<std::vector<std::string>> TagsAt(const Place& place,
                                                RequestRouter& router);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_TAG_PAGES_H_
