// How the tags of a repository are ordered: by version, by the groups of a
// regular expression, or by the Rubin Observatory's builds; and which of them
// are the newest. Pure.
#ifndef PREPULL_SRC_TAGS_TAG_RANKING_H_
#define PREPULL_SRC_TAGS_TAG_RANKING_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/tags/semver.h"

namespace re2 {
class RE2;
}

namespace prepull {

// A tag and its place in an order. Tags of equal rank are variants of one
// build.
struct RankedTag {
  TagWords rank = {};
  // The highest of the variants represents the build.
  absl::InlinedVector<absl::string_view, 2> variant = {};
  absl::string_view tag = "";
};

// Returns the place of a tag, or nothing if the order does not include it.
using RankTag = std::function<std::optional<RankedTag>(absl::string_view)>;

enum class Variants {
  kOne,  // of each build the one that represents it
  kAll,  // each one, in descending alphabetical order
};

// Returns the `limit` newest of `tags`, newest first, each once.
std::vector<absl::string_view> Newest(std::vector<RankedTag> tags, size_t limit,
                                      Variants variants);

// A regular expression of RE2, which takes time and memory in proportion to
// the length of the tag, whatever the pattern.
// Source: https://github.com/google/re2/wiki/Syntax
class TagPattern {
 public:
  // Errors: INVALID_ARGUMENT  RE2 refuses it, or it has more than 16 groups.
  static absl::StatusOr<TagPattern> Parse(absl::string_view text);

  // Whether the pattern matches a part of `tag`.
  bool Matches(absl::string_view tag) const;

  // The same; sets `groups` to what its groups captured, as views into `tag`,
  // "" for a group that took no part.
  bool Matches(absl::string_view tag, TagWords& groups) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

// Orders the versions within `range`, variants by their build.
RankTag RankByVersion(SemverRange range, bool with_prereleases);

// Orders the tags that `pattern` matches by its groups. No two tags are equal:
// what the groups leave out may be what matters.
RankTag RankByGroups(TagPattern pattern);

enum class RubinKind { kRelease, kCandidate, kWeekly, kDaily };

// A tag of the Rubin Observatory's science platform images.
//
// Releases r21_0_1 (and r170, which is 17.0.0), candidates r22_0_0_rc1,
// weeklies w_2021_22 and dailies d_2021_05_27, each followed by an optional
// cycle (_c0021.003 or _csal0021.003), and then by optional other text behind
// a '_'. All other tags, such as experimental ones (exp_...), do not count.
// Source: https://github.com/lsst-sqre/cachemachine (rubintag.py)
struct RubinTag {
  RubinKind kind = RubinKind::kRelease;

  // The numbers of the release (and candidate), week or day. Of the variants
  // of one build the highest is the plain tag, then the newest build of the
  // newest cycle; those with other text are the lowest.
  RankedTag ranked = {};

  absl::string_view cycle = "";  // "0021"; "" if it has none
};

// The result has views into `tag`.
std::optional<RubinTag> ParseRubinTag(absl::string_view tag);

// Orders the tags of one kind; those of one cycle only unless `cycle` is "".
RankTag RankRubin(RubinKind kind, std::string cycle);

}  // namespace prepull

#endif  // PREPULL_SRC_TAGS_TAG_RANKING_H_
