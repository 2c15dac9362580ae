#include "prepull/list/list_hash.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/hash.h"

namespace prepull {

// A collision of two lists on one node costs no more than a lease taken over
// in vain.
std::string ListHash(const std::vector<ImageRequest>& requests) {
  std::vector<std::string> names;
  for (const ImageRequest& request : requests) {
    if (request.reference.ok())
      names.push_back(request.reference->Normalised());
  }
  std::sort(names.begin(), names.end());
  std::string lines;
  for (const std::string& name : names) absl::StrAppend(&lines, name, "\n");
  return HashHex(lines);
}

}  // namespace prepull
