// What an OpenShift release is made of: release-manifests/image-references of
// its image, an ImageStream whose tags are the images. Pure.
#ifndef PREPULL_SRC_SOURCE_RELEASE_H_
#define PREPULL_SRC_SOURCE_RELEASE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct ReleaseImage {
  std::string name = "";  // "etcd"
  std::string pull_spec = "";
};

// In their order. Errors: INVALID_ARGUMENT  it is no such text, or a tag of it
// comes from no image; names the tag.
absl::StatusOr<std::vector<ReleaseImage>> ParseReleaseImages(
    absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_RELEASE_H_
