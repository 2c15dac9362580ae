// A hash that is the same in each process and version: to tell texts apart,
// not to protect them.
#ifndef PREPULL_BASE_HASH_H_
#define PREPULL_BASE_HASH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// Returns the 64-bit FNV-1a hash of `text` as 16 hex digits.
// Source: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv
std::string HashHex(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_BASE_HASH_H_
