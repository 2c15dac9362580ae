// The only file that includes RE2.
#include "src/tags/tag_ranking.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr int kMaxGroups = 16;
constexpr int64_t kMaxPatternMemory = 4 << 20;

re2::StringPiece Piece(absl::string_view text) {
  return {text.data(), text.size()};
}

bool IsNewer(const RankedTag& a, const RankedTag& b, Variants variants) {
  const int by_rank = CompareWords(a.rank, b.rank);
  if (by_rank != 0) return by_rank > 0;
  const int by_variant =
      variants == Variants::kOne ? CompareWords(a.variant, b.variant) : 0;
  return by_variant != 0 ? by_variant > 0 : a.tag > b.tag;
}

bool IsSameBuild(const RankedTag& a, const RankedTag& b, Variants variants) {
  return variants == Variants::kOne ? CompareWords(a.rank, b.rank) == 0
                                    : a.tag == b.tag;
}

// The optional end of a tag in three groups: the cycle, its build, and other
// text with its '_'.
constexpr absl::string_view kSuffix = "(?:_c(?:sal)?(\\d+)\\.(\\d+))?(_.*)?";
constexpr size_t kSuffixGroups = 3;

struct Grammar {
  RubinKind kind = RubinKind::kRelease;
  TagPattern pattern;
  size_t numbers = 0;  // how many of the groups are the build's numbers
};

Grammar MakeGrammar(RubinKind kind, size_t numbers, absl::string_view pattern) {
  return {kind, *TagPattern::Parse(absl::StrCat("^", pattern, "$")), numbers};
}

// The first match counts: candidates come before releases, because r22_0_0_rc1
// matches a release with other text, too.
const std::array<Grammar, 5>& Grammars() {
  static const auto& grammars = *new std::array<Grammar, 5>{
      MakeGrammar(RubinKind::kCandidate, 4,
                  absl::StrCat("r(\\d+)_(\\d+)_(\\d+)_rc(\\d+)", kSuffix)),
      MakeGrammar(RubinKind::kRelease, 3,
                  absl::StrCat("r(\\d+)_(\\d+)_(\\d+)", kSuffix)),
      MakeGrammar(RubinKind::kRelease, 2, "r(\\d\\d)(\\d)"),
      MakeGrammar(RubinKind::kWeekly, 2,
                  absl::StrCat("w_(\\d+)_(\\d+)", kSuffix)),
      MakeGrammar(RubinKind::kDaily, 3,
                  absl::StrCat("d_(\\d+)_(\\d+)_(\\d+)", kSuffix))};
  return grammars;
}

void ParseSuffix(absl::Span<const absl::string_view> suffix, RubinTag& tag) {
  tag.cycle = suffix[0];
  const bool has_text = !suffix[2].empty();
  if (tag.cycle.empty() && !has_text) return;
  tag.ranked.variant = {has_text ? "0" : "1", tag.cycle, suffix[1]};
}

}  // namespace

std::vector<absl::string_view> Newest(std::vector<RankedTag> tags, size_t limit,
                                      Variants variants) {
  std::sort(tags.begin(), tags.end(),
            [variants](const RankedTag& a, const RankedTag& b) {
              return IsNewer(a, b, variants);
            });
  tags.erase(std::unique(tags.begin(), tags.end(),
                         [variants](const RankedTag& a, const RankedTag& b) {
                           return IsSameBuild(a, b, variants);
                         }),
             tags.end());
  tags.resize(std::min(tags.size(), limit));
  std::vector<absl::string_view> newest;
  newest.reserve(tags.size());
  for (const RankedTag& each : tags) newest.push_back(each.tag);
  return newest;
}

absl::StatusOr<TagPattern> TagPattern::Parse(absl::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternMemory);
  TagPattern pattern;
  pattern.expression_ = std::make_shared<const RE2>(Piece(text), options);
  const RE2& expression = *pattern.expression_;
  if (!expression.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "invalid regular expression: ", Printable(expression.error(), 256)));
  }
  if (expression.NumberOfCapturingGroups() > kMaxGroups) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxGroups, " groups"));
  }
  return pattern;
}

bool TagPattern::Matches(absl::string_view tag) const {
  return RE2::PartialMatch(Piece(tag), *expression_);
}

bool TagPattern::Matches(absl::string_view tag, TagWords& groups) const {
  std::array<re2::StringPiece, 1 + kMaxGroups> found;
  const int count = expression_->NumberOfCapturingGroups();
  if (!expression_->Match(Piece(tag), 0, tag.size(), RE2::UNANCHORED,
                          found.data(), 1 + count)) {
    return false;
  }
  groups.clear();
  for (int i = 1; i <= count; ++i) {
    const bool took_part = found[i].data() != nullptr;
    groups.push_back(
        took_part ? absl::string_view(found[i].data(), found[i].size()) : "");
  }
  return true;
}

RankTag RankByVersion(SemverRange range, bool with_prereleases) {
  return [range = std::move(range),
          with_prereleases](absl::string_view tag) -> std::optional<RankedTag> {
    std::optional<Semver> version = ParseSemver(tag);
    if (!version || !range.Includes(*version)) return std::nullopt;
    if (version->is_prerelease() && !with_prereleases) return std::nullopt;
    RankedTag ranked = {.rank = std::move(version->rank), .tag = tag};
    ranked.variant.assign(version->build.begin(), version->build.end());
    if (ranked.variant.empty()) ranked.variant.push_back(kHighestWord);
    return ranked;
  };
}

RankTag RankByGroups(TagPattern pattern) {
  return [pattern = std::move(pattern)](
             absl::string_view tag) -> std::optional<RankedTag> {
    RankedTag ranked = {.tag = tag};
    if (!pattern.Matches(tag, ranked.rank)) return std::nullopt;
    ranked.rank.push_back(tag);
    return ranked;
  };
}

std::optional<RubinTag> ParseRubinTag(absl::string_view text) {
  TagWords groups;
  const auto grammar = std::find_if(
      Grammars().begin(), Grammars().end(),
      [&](const Grammar& each) { return each.pattern.Matches(text, groups); });
  if (grammar == Grammars().end()) return std::nullopt;
  RubinTag tag = {.kind = grammar->kind};
  tag.ranked.tag = text;
  tag.ranked.variant = {kHighestWord};
  tag.ranked.rank.assign(groups.begin(), groups.begin() + grammar->numbers);
  if (groups.size() > grammar->numbers) {
    ParseSuffix(absl::MakeSpan(groups).last(kSuffixGroups), tag);
  } else {
    tag.ranked.rank.push_back("0");  // r170 is 17.0.0
  }
  return tag;
}

RankTag RankRubin(RubinKind kind, std::string cycle) {
  return [kind, cycle = std::move(cycle)](
             absl::string_view text) -> std::optional<RankedTag> {
    std::optional<RubinTag> tag = ParseRubinTag(text);
    if (!tag || tag->kind != kind) return std::nullopt;
    if (!cycle.empty() && CompareWord(tag->cycle, cycle) != 0) {
      return std::nullopt;
    }
    return std::move(tag->ranked);
  };
}

}  // namespace prepull
