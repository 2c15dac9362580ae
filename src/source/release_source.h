// An OpenShift release: its own image and the images that it lists.
//
// The list is release-manifests/image-references of the release image, an
// ImageStream whose tags are the images.
#ifndef PREPULL_SRC_SOURCE_RELEASE_SOURCE_H_
#define PREPULL_SRC_SOURCE_RELEASE_SOURCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct ReleaseImage {
  std::string name = "";  // "etcd"
  std::string pull_spec = "";
};

// Returns the images in their order. Pure. Errors: INVALID_ARGUMENT  invalid
// JSON, no tags, or a tag without an image; names the tag.
absl::StatusOr<std::vector<ReleaseImage>> ParseReleaseImages(
    absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_RELEASE_SOURCE_H_
