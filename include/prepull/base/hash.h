// SHA-256 of a text.
#ifndef PREPULL_BASE_HASH_H_
#define PREPULL_BASE_HASH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// Returns the SHA-256 of `text` as 64 hex digits.
std::string Sha256Hex(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_BASE_HASH_H_
