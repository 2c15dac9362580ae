// The ConfigMap pre-cache-spec of TALM's pre-cache workload, mounted as a
// folder with one file per key.
//
//   platform.image                  a release image
//   operators.indexes               catalogue images, one per line
//   operators.packagesAndChannels   NAME[:CHANNEL], one per line
//   excludePrecachePatterns         basic regular expressions, one per line
//   additionalImages                images, one per line
//   spaceRequired                   whole GiB
//
// Blanks, CRLF, a missing last newline, quotes around images, empty values and
// missing keys are accepted. The origin of each entry is "DIR/KEY:LINE".
// Source: https://github.com/openshift-kni/cluster-group-upgrades-operator
#ifndef PREPULL_SRC_SOURCE_PRECACHE_SPEC_H_
#define PREPULL_SRC_SOURCE_PRECACHE_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "prepull/catalog/package_request.h"
#include "prepull/list/image_request.h"
#include "src/source/source_line.h"

namespace prepull {

struct PrecacheSpec {
  // Images may carry an error instead of a reference, as those of a list.
  std::optional<ImageRequest> platform_image = std::nullopt;
  std::vector<ImageRequest> indexes = {};     // each once
  std::vector<PackageRequest> packages = {};  // each once; of all indexes
  std::vector<SourceLine> exclude_patterns = {};
  std::vector<ImageRequest> additional_images = {};
  std::optional<int64_t> space_required_bytes = std::nullopt;
};

// Errors: NOT_FOUND  `folder` has none of the keys; INVALID_ARGUMENT  a
// malformed line, two release images, or catalogues without packages; others
// as reading reports.
absl::StatusOr<PrecacheSpec> ReadPrecacheSpec(FileSystem& files,
                                              const std::string& folder);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_PRECACHE_SPEC_H_
