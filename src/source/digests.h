// Replaces tags by what they stand for now.
#ifndef PREPULL_SRC_SOURCE_DIGESTS_H_
#define PREPULL_SRC_SOURCE_DIGESTS_H_

#include <vector>

#include "absl/status/status.h"
#include "prepull/list/image_request.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

// Appends to each reference without a digest the digest of its tag, a few at
// once; blocks. `requests` must have no errors. Retries what may pass until
// the client's deadline. Errors: of the first image that fails, with its name.
absl::Status ResolveDigests(RegistryClient& registry,
                            std::vector<ImageRequest>& requests);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_DIGESTS_H_
