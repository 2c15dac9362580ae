// Versions as https://semver.org defines them, ranges of them, and the order
// of their words, which other tags share. Pure.
//
// A leading v is accepted, and so are leading zeros (2024.01.05). A tag cannot
// contain '+', so '_' begins the build too, as Helm writes it. A text without
// all three numbers is not a version: such tags are usually moved.
#ifndef PREPULL_TAGS_SEMVER_H_
#define PREPULL_TAGS_SEMVER_H_

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Views into a tag.
using TagWords = absl::InlinedVector<absl::string_view, 4>;

// Above all words that a version contains, so that 1.2.0 is above 1.2.0-rc.1.
constexpr absl::string_view kHighestWord = "~";

bool IsNumber(absl::string_view word);

// Returns less than 0 if `a` is lower than `b`, 0 if they are equal. An empty
// word is below numbers, numbers are below other words, and those are ordered
// by their bytes. Numbers are compared as text and may have any length. (If a
// number and another word were compared by bytes too, 9, 10 and 1a would form
// a cycle.)
int CompareWord(absl::string_view a, absl::string_view b);

// The same for the first `count` words of two lists. A list that is a prefix
// of the other is lower.
template <typename A, typename B>
int CompareWords(const A& a, const B& b,
                 size_t count = std::numeric_limits<size_t>::max()) {
  const size_t a_size = std::min<size_t>(a.size(), count);
  const size_t b_size = std::min<size_t>(b.size(), count);
  for (size_t i = 0; i < std::min(a_size, b_size); ++i) {
    const int order = CompareWord(a[i], b[i]);
    if (order != 0) return order;
  }
  return a_size == b_size ? 0 : (a_size < b_size ? -1 : 1);
}

// Views into the text.
struct Semver {
  // Major, minor and patch, then the words of the pre-release, or
  // kHighestWord if it is a release.
  TagWords rank = {};
  TagWords build = {};  // does not influence the order

  bool is_prerelease() const { return rank[3] != kHighestWord; }
};

std::optional<Semver> ParseSemver(absl::string_view text);

class SemverRange {
 public:
  // Parses bounds that must all hold, joined by commas: "~1.2", "^1.2.3",
  // ">=1.2,<2", "<=1.2", ">1", "=1.2.3", "1.2.x", "1.2.*", "1.2", "*". A bound
  // compares as many numbers as it names, so "<=1.2" includes 1.2.9; unless it
  // names a pre-release, "<2.0.0" excludes those of 2.0.0 too. Errors:
  // INVALID_ARGUMENT  names the bound.
  static absl::StatusOr<SemverRange> Parse(absl::string_view text);

  // From `min` to `max`, both inclusive; either may be empty.
  static absl::StatusOr<SemverRange> Between(absl::string_view min,
                                             absl::string_view max);

  // By the order alone, pre-release or not.
  bool Includes(const Semver& version) const;

  bool names_prerelease() const;

 private:
  enum class Relation { kBelow, kAtMost, kEqual, kAtLeast, kAbove };

  struct Bound {
    Relation relation = Relation::kEqual;
    // Up to three numbers, or a whole rank.
    std::vector<std::string> words = {};

    bool Includes(const TagWords& rank) const;
  };

  absl::Status Add(absl::string_view text);
  absl::Status Add(Relation relation, absl::string_view version);
  absl::Status AddCompatible(absl::string_view version, bool is_caret);

  std::vector<Bound> bounds_;
};

}  // namespace prepull

#endif  // PREPULL_TAGS_SEMVER_H_
