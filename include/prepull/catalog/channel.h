// A channel of an operator catalogue: a graph of upgrades, its head (the
// bundle that a new installation gets), and the bundles of a range of versions
// (upgrades go through the versions in between). Pure.
#ifndef PREPULL_CATALOG_CHANNEL_H_
#define PREPULL_CATALOG_CHANNEL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/tags/semver.h"

namespace prepull {

// A bundle in a channel. It has no skipRange on purpose: that does not
// influence which entry is the head.
struct ChannelEntry {
  std::string name = "";
  std::string replaces = "";
  std::vector<std::string> skips = {};
  std::string version = "";  // of the bundle, from its olm.package property
};

// Returns the only entry that no entry replaces or skips. Errors:
// INVALID_ARGUMENT  there is none, or more than one; names the candidates.
// Source: Channel.Head in
// https://github.com/operator-framework/operator-registry (alpha/model).
absl::StatusOr<std::string> ChannelHead(
    const std::vector<ChannelEntry>& entries);

// Which bundles of a channel are wanted.
class CatalogVersions {
 public:
  // "head", "all", or "MIN..MAX": both inclusive, one of them may be missing,
  // and a version with fewer than three numbers stands for all that begin with
  // it ("4.12..4.14" includes 4.14.9). Pre-releases count, below their
  // release. Errors: INVALID_ARGUMENT.
  static absl::StatusOr<CatalogVersions> Parse(absl::string_view text);

  // Returns the names of the wanted entries in their order, each once. Errors:
  // INVALID_ARGUMENT  the channel has no single head, or a version is invalid;
  // NOT_FOUND  no entry is within the range; names the versions.
  absl::StatusOr<std::vector<std::string>> Choose(
      const std::vector<ChannelEntry>& entries) const;

 private:
  std::string text_;
  bool only_head_ = false;
  SemverRange range_;
};

// Returns "a, b, c and 7 more", for messages about catalogues of any size.
std::string SomeOf(const std::vector<std::string>& names);

// Returns "existing: a, b and c" or "existing: none".
std::string Existing(const std::vector<std::string>& names);

}  // namespace prepull

#endif  // PREPULL_CATALOG_CHANNEL_H_
