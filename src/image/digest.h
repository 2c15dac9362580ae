// The digest behind the '@' of an image name: "sha256:5891b5b5...".
//
// Pure functions.
// Source: https://github.com/opencontainers/go-digest
#ifndef PREPULL_SRC_IMAGE_DIGEST_H_
#define PREPULL_SRC_IMAGE_DIGEST_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Errors: INVALID_ARGUMENT  the first rule that `digest` breaks. An algorithm
// we do not know passes with any 32 hex digits or more: the runtime judges it.
absl::Status CheckDigest(absl::string_view digest);

}  // namespace prepull

#endif  // PREPULL_SRC_IMAGE_DIGEST_H_
