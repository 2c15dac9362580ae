// The ways in which the Kubernetes API changes an object by a document. Pure.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_JSON_PATCH_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_JSON_PATCH_H_

#include "absl/status/status.h"

namespace boost::json {
class value;
}

namespace prepull {

// RFC 7396: null removes, objects are merged, all else replaces.
void MergeJson(const boost::json::value& patch, boost::json::value& target);

// RFC 6902 without move and copy. After an error the target means nothing.
// Errors: INVALID_ARGUMENT  it is no patch; FAILED_PRECONDITION  a test in it
// does not hold, or there is nothing at a path.
absl::Status PatchJson(const boost::json::value& patch,
                       boost::json::value& target);

// Server-side apply as one manager sees it that takes all by force: what
// `intent` has is in `target`, what only the intent `before` had is not, and
// the keys of others stay. A list belongs to its manager as a whole.
void ApplyJson(const boost::json::value& before,
               const boost::json::value& intent, boost::json::value& target);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_JSON_PATCH_H_
