#include "prepull/source/image_list.h"

#include <utility>

#include "absl/container/flat_hash_set.h"

namespace prepull {

std::vector<ImageRequest> UniqueImages(std::vector<ImageRequest> requests) {
  absl::flat_hash_set<std::string> seen;
  seen.reserve(requests.size());
  std::vector<ImageRequest> unique;
  unique.reserve(requests.size());
  for (ImageRequest& request : requests) {
    const bool is_new = !request.reference.ok() ||
                        seen.insert(request.reference->Normalised()).second;
    if (is_new) unique.push_back(std::move(request));
  }
  return unique;
}

}  // namespace prepull
