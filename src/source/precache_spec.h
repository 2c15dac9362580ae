// What TALM's pre-cache workload is asked for: its ConfigMap pre-cache-spec,
// mounted as a folder of six keys, one a file.
//
//   platform.image                  a release image
//   operators.indexes               catalogue images, one a line
//   operators.packagesAndChannels   NAME[:CHANNEL], one a line
//   excludePrecachePatterns         basic regular expressions, one a line
//   additionalImages                images, one a line
//   spaceRequired                   whole GiB
//
// Blanks, CRLF, a missing last newline, quotes around images, empty values and
// missing keys are accepted. Every line counts, the last one too, and each
// entry's origin is "DIR/KEY:LINE".
// Source: https://github.com/openshift-kni/cluster-group-upgrades-operator
#ifndef PREPULL_SRC_SOURCE_PRECACHE_SPEC_H_
#define PREPULL_SRC_SOURCE_PRECACHE_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "prepull/catalog/package_words.h"
#include "prepull/list/image_request.h"
#include "src/source/source_line.h"

namespace prepull {

struct PrecacheSpec {
  // Images may carry an error instead of a reference, as those of a list.
  std::optional<ImageRequest> platform_image = std::nullopt;
  std::vector<ImageRequest> indexes = {};     // each once
  std::vector<PackageRequest> packages = {};  // each once; of every index
  std::vector<SourceLine> exclude_patterns = {};
  std::vector<ImageRequest> additional_images = {};
  std::optional<int64_t> space_required_bytes = std::nullopt;
};

// Errors: NOT_FOUND  `folder` holds none of the keys; INVALID_ARGUMENT  a
// malformed line, two release images, or catalogues without packages; others
// as reading says.
absl::StatusOr<PrecacheSpec> ReadPrecacheSpec(FileSystem& files,
                                              const std::string& folder);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_PRECACHE_SPEC_H_
