// The grammar of digests: "sha256:5891b5b5...". Pure.
//
// Source: https://github.com/opencontainers/go-digest
#ifndef PREPULL_IMAGE_DIGEST_H_
#define PREPULL_IMAGE_DIGEST_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Checks `digest`. Of an unknown algorithm any 32 hex digits or more are valid:
// the runtime decides. Errors: INVALID_ARGUMENT  the first rule that is broken.
absl::Status CheckDigest(absl::string_view digest);

}  // namespace prepull

#endif  // PREPULL_IMAGE_DIGEST_H_
