#include "prepull/list/list_hash.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace prepull {

// FNV-1a, 64 bits: stable between runs. A collision of two lists on one node
// costs no more than a useless lease takeover.
std::string ListHash(const std::vector<ImageRequest>& requests) {
  std::vector<std::string> names;
  for (const ImageRequest& request : requests) {
    if (request.reference.ok())
      names.push_back(request.reference->Normalised());
  }
  std::sort(names.begin(), names.end());
  uint64_t hash = 0xcbf29ce484222325;
  for (const std::string& name : names) {
    for (const char c : name + "\n") {
      hash ^= static_cast<unsigned char>(c);
      hash *= 0x100000001b3;
    }
  }
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace prepull
