// Which bundles of a channel are wanted besides its head: upgrades go through
// the versions between. Pure.
#ifndef PREPULL_CATALOG_CATALOG_VERSIONS_H_
#define PREPULL_CATALOG_CATALOG_VERSIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/catalog/channel_head.h"
#include "prepull/tags/semver.h"

namespace prepull {

class CatalogVersions {
 public:
  // "head", "all", or "MIN..MAX": both included, one of them may be missing,
  // and a version that names fewer than three numbers stands for all that
  // begin so ("4.12..4.14" holds 4.14.9). Pre-releases count, below their
  // release. Errors: INVALID_ARGUMENT.
  static absl::StatusOr<CatalogVersions> Parse(absl::string_view text);

  // The names of the wanted entries in their order, each once. Errors:
  // INVALID_ARGUMENT  the channel's head, or a version, cannot be told;
  // NOT_FOUND  no entry is within the range; names what there is.
  absl::StatusOr<std::vector<std::string>> Choose(
      const std::vector<ChannelEntry>& entries) const;

 private:
  std::string text_;
  bool only_head_ = false;
  SemverRange range_;
};

}  // namespace prepull

#endif  // PREPULL_CATALOG_CATALOG_VERSIONS_H_
