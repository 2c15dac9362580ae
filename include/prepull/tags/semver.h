// Versions as https://semver.org has them, and ranges of them. Pure.
//
// A leading v is accepted, and so are leading zeros (2024.01.05). Since a tag
// cannot hold a '+', '_' begins the build too, as Helm writes it. What lacks
// one of the three numbers is no version: such a tag is moved about.
#ifndef PREPULL_TAGS_SEMVER_H_
#define PREPULL_TAGS_SEMVER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/tags/tag_order.h"

namespace prepull {

// Views into the text.
struct Semver {
  // Major, minor and patch, then the words of the pre-release, or
  // kHighestWord if it is none.
  TagWords rank = {};
  TagWords build = {};  // has no say in the order

  bool is_prerelease() const { return rank[3] != kHighestWord; }
};

std::optional<Semver> ParseSemver(absl::string_view text);

class SemverRange {
 public:
  // `text`: bounds that must all hold, joined by commas: "~1.2", "^1.2.3",
  // ">=1.2,<2", "<=1.2", ">1", "=1.2.3", "1.2.x", "1.2.*", "1.2", "*".
  // A bound looks at as many numbers as it names, so "<=1.2" holds 1.2.9;
  // where a pre-release is not named, "<2.0.0" holds none of 2.0.0's either.
  // Errors: INVALID_ARGUMENT  names the bound.
  static absl::StatusOr<SemverRange> Parse(absl::string_view text);

  // From `min` to `max`, both included; either may be empty.
  static absl::StatusOr<SemverRange> Between(absl::string_view min,
                                             absl::string_view max);

  // Purely by the order, pre-release or not.
  bool Includes(const Semver& version) const;

  bool names_prerelease() const;

 private:
  enum class Relation { kBelow, kAtMost, kEqual, kAtLeast, kAbove };

  struct Bound {
    Relation relation = Relation::kEqual;
    // Up to three numbers, or a whole rank.
    std::vector<std::string> words = {};

    bool Holds(const TagWords& rank) const;
  };

  absl::Status Add(absl::string_view text);
  absl::Status Add(Relation relation, absl::string_view version);
  absl::Status AddCompatible(absl::string_view version, bool is_caret);

  std::vector<Bound> bounds_;
};

}  // namespace prepull

#endif  // PREPULL_TAGS_SEMVER_H_
