#include "src/tags/rubin_tag.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "src/tags/tag_pattern.h"

namespace prepull {
namespace {

// Three groups: the cycle, its build, and any other text with its '_'.
constexpr absl::string_view kBehind = "(?:_c(?:sal)?(\\d+)\\.(\\d+))?(_.*)?";
constexpr size_t kGroupsBehind = 3;

struct Grammar {
  RubinKind kind = RubinKind::kRelease;
  TagPattern pattern;
  size_t numbers = 0;  // how many of the groups are the build's numbers
};

Grammar Grammatical(RubinKind kind, size_t numbers, absl::string_view pattern) {
  return {kind, *TagPattern::Parse(absl::StrCat("^", pattern, "$")), numbers};
}

// The first that fits counts: candidates stand before releases, since
// r22_0_0_rc1 is a release with other text behind it too.
const std::array<Grammar, 5>& Grammars() {
  static const auto& grammars = *new std::array<Grammar, 5>{
      Grammatical(RubinKind::kCandidate, 4,
                  absl::StrCat("r(\\d+)_(\\d+)_(\\d+)_rc(\\d+)", kBehind)),
      Grammatical(RubinKind::kRelease, 3,
                  absl::StrCat("r(\\d+)_(\\d+)_(\\d+)", kBehind)),
      Grammatical(RubinKind::kRelease, 2, "r(\\d\\d)(\\d)"),
      Grammatical(RubinKind::kWeekly, 2,
                  absl::StrCat("w_(\\d+)_(\\d+)", kBehind)),
      Grammatical(RubinKind::kDaily, 3,
                  absl::StrCat("d_(\\d+)_(\\d+)_(\\d+)", kBehind))};
  return grammars;
}

void ReadBehind(absl::Span<const absl::string_view> behind, RubinTag& tag) {
  tag.cycle = behind[0];
  const bool has_text = !behind[2].empty();
  if (tag.cycle.empty() && !has_text) return;
  tag.ranked.variant = {has_text ? "0" : "1", tag.cycle, behind[1]};
}

}  // namespace

std::optional<RubinTag> ParseRubinTag(absl::string_view text) {
  TagWords groups;
  const auto grammar = std::find_if(
      Grammars().begin(), Grammars().end(),
      [&](const Grammar& each) { return each.pattern.Fits(text, groups); });
  if (grammar == Grammars().end()) return std::nullopt;
  RubinTag tag = {.kind = grammar->kind};
  tag.ranked.tag = text;
  tag.ranked.variant = {kHighestWord};
  tag.ranked.rank.assign(groups.begin(), groups.begin() + grammar->numbers);
  if (groups.size() > grammar->numbers) {
    ReadBehind(absl::MakeSpan(groups).last(kGroupsBehind), tag);
  } else {
    tag.ranked.rank.push_back("0");  // r170 is 17.0.0
  }
  return tag;
}

}  // namespace prepull
