#include "prepull/list/unique_images.h"

#include <utility>

#include "absl/container/flat_hash_map.h"

namespace prepull {

namespace {

void Join(ImageOptions& options, const ImageOptions& more) {
  if (options.secret.empty()) options.secret = more.secret;
  if (!options.policy) options.policy = more.policy;
  options.pin = options.pin || more.pin;
}

}  // namespace

std::vector<ImageRequest> UniqueImages(std::vector<ImageRequest> requests) {
  absl::flat_hash_map<std::string, size_t> seen;
  seen.reserve(requests.size());
  std::vector<ImageRequest> unique;
  unique.reserve(requests.size());
  for (ImageRequest& request : requests) {
    if (!request.reference.ok()) {
      unique.push_back(std::move(request));
      continue;
    }
    const auto [first, is_new] =
        seen.emplace(request.reference->Normalised(), unique.size());
    if (is_new) {
      unique.push_back(std::move(request));
    } else {
      Join(unique[first->second].options, request.options);
    }
  }
  return unique;
}

}  // namespace prepull
