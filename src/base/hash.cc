#include "prepull/base/hash.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace prepull {

std::string HashHex(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace prepull
