#include "prepull/tags/tag_rule.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/tags/semver.h"
#include "prepull/tags/tag_order.h"
#include "src/tags/rubin_tag.h"
#include "src/tags/rule_words.h"
#include "src/tags/tag_pattern.h"

namespace prepull {
namespace {

constexpr size_t kMaxRule = 4096;
constexpr uint32_t kNoLimit = std::numeric_limits<uint32_t>::max();

// The place of a tag; nothing if it does not take part.
using RankTag = std::function<std::optional<RankedTag>(absl::string_view)>;

// The `most` newest of those that `rank` has a place for.
struct Share {
  RankTag rank;
  uint32_t most = 0;
};

absl::StatusOr<TagPattern> ParsePattern(absl::string_view key,
                                        absl::string_view pattern) {
  absl::StatusOr<TagPattern> parsed = TagPattern::Parse(pattern);
  if (parsed.ok()) return parsed;
  return WrongWord(absl::StrCat(key, pattern), parsed.status().message());
}

absl::StatusOr<RankTag> ByVersion(const RuleWords& words) {
  const absl::string_view text = words.Value("semver:");
  absl::StatusOr<SemverRange> range = SemverRange::Parse(text);
  if (!range.ok()) {
    return WrongWord(absl::StrCat("semver:", text),
                     absl::StrCat("is no range: ", range.status().message()));
  }
  const bool with_prereleases =
      words.Has("prerelease") || range->names_prerelease();
  return [range = *std::move(range),
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

// No two tags are equal here: what the groups leave out may be what matters.
absl::StatusOr<RankTag> ByGroups(const RuleWords& words) {
  ASSIGN_OR_RETURN(TagPattern pattern,
                   ParsePattern("regex:", words.Value("regex:")));
  return [pattern = std::move(pattern)](
             absl::string_view tag) -> std::optional<RankedTag> {
    RankedTag ranked = {.tag = tag};
    if (!pattern.Fits(tag, ranked.rank)) return std::nullopt;
    ranked.rank.push_back(tag);
    return ranked;
  };
}

RankTag ByBuild(RubinKind kind, std::string cycle) {
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

absl::StatusOr<Variants> ReadVariants(const RuleWords& words) {
  const absl::string_view variants = words.Value("variants=");
  if (variants == "all") return Variants::kAll;
  if (variants.empty() || variants == "one") return Variants::kOne;
  return WrongWord(absl::StrCat("variants=", variants),
                   "is neither one nor all");
}

absl::StatusOr<std::vector<TagPattern>> ReadExcludes(const RuleWords& words) {
  std::vector<TagPattern> excludes;
  for (const absl::string_view text : words.Values("exclude:")) {
    ASSIGN_OR_RETURN(TagPattern pattern, ParsePattern("exclude:", text));
    excludes.push_back(std::move(pattern));
  }
  return excludes;
}

// In the order of pulling, each once.
absl::StatusOr<std::vector<std::string>> ReadAliases(const RuleWords& words) {
  std::vector<std::string> aliases;
  for (const absl::string_view value : words.Values("alias=")) {
    const std::vector<std::string> tags = absl::StrSplit(value, ',');
    aliases.insert(aliases.end(), tags.begin(), tags.end());
  }
  const std::string recommended(words.Value("recommended="));
  if (!recommended.empty()) aliases.push_back(recommended);
  for (const std::string& alias : aliases) {
    if (!IsTag(alias)) return WrongWord(alias, "is no tag");
  }
  std::sort(aliases.begin(), aliases.end(),
            [&](const std::string& a, const std::string& b) {
              const bool is_first = a == recommended;
              return is_first != (b == recommended) ? is_first : a > b;
            });
  aliases.erase(std::unique(aliases.begin(), aliases.end()), aliases.end());
  return aliases;
}

absl::StatusOr<std::vector<Share>> ReadRubinShares(const RuleWords& words) {
  const std::string cycle(words.Value("cycle="));
  if (!cycle.empty() && !IsNumber(cycle)) {
    return WrongWord(absl::StrCat("cycle=", cycle), "needs a number");
  }
  constexpr std::pair<absl::string_view, RubinKind> kCounts[] = {
      {"releases=", RubinKind::kRelease},
      {"candidates=", RubinKind::kCandidate},
      {"weeklies=", RubinKind::kWeekly},
      {"dailies=", RubinKind::kDaily}};
  std::vector<Share> shares;
  for (const auto& [key, kind] : kCounts) {
    ASSIGN_OR_RETURN(const uint32_t most, words.Count(key, 0, 0));
    if (most > 0) shares.push_back({ByBuild(kind, cycle), most});
  }
  return shares;
}

absl::StatusOr<std::vector<Share>> ReadShares(const RuleWords& words) {
  if (words.Has("rubin")) return ReadRubinShares(words);
  ASSIGN_OR_RETURN(const uint32_t most, words.Count("newest:", 1, kNoLimit));
  ASSIGN_OR_RETURN(RankTag rank,
                   words.Has("semver:") ? ByVersion(words) : ByGroups(words));
  return std::vector<Share>{{std::move(rank), most}};
}

absl::StatusOr<Reference> ParseRepository(absl::string_view word) {
  absl::StatusOr<Reference> repository = Reference::Parse(word);
  if (!repository.ok()) {
    return WrongWord(word, absl::StrCat("is no repository: ",
                                        repository.status().message()));
  }
  if (!repository->tag().empty() || !repository->digest().empty()) {
    return WrongWord(word, "is no repository: it has a tag or a digest");
  }
  return repository;
}

std::vector<RankedTag> Ranked(const std::vector<absl::string_view>& tags,
                              const RankTag& rank) {
  std::vector<RankedTag> ranked;
  for (const absl::string_view tag : tags) {
    std::optional<RankedTag> place = rank(tag);
    if (place) ranked.push_back(*std::move(place));
  }
  return ranked;
}

}  // namespace

struct TagRule::Choice {
  std::vector<TagPattern> excludes = {};
  std::vector<std::string> aliases = {};  // in the order of pulling
  std::vector<Share> shares = {};
  Variants variants = Variants::kOne;

  bool Considers(absl::string_view tag) const {
    return IsTag(tag) && std::none_of(excludes.begin(), excludes.end(),
                                      [tag](const TagPattern& each) {
                                        return each.Fits(tag);
                                      });
  }
};

TagRule::TagRule(Reference repository, std::string text,
                 std::shared_ptr<const Choice> choice)
    : repository_(std::move(repository)),
      text_(std::move(text)),
      choice_(std::move(choice)) {}

absl::StatusOr<TagRule> TagRule::Parse(absl::string_view text) {
  if (text.size() > kMaxRule) {
    return absl::InvalidArgumentError(
        absl::StrCat("rule is longer than ", kMaxRule, " bytes"));
  }
  std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (parts.empty()) return absl::InvalidArgumentError("rule is empty");
  ASSIGN_OR_RETURN(Reference repository, ParseRepository(parts.front()));
  parts.erase(parts.begin());
  ASSIGN_OR_RETURN(const RuleWords words, RuleWords::Parse(parts));
  Choice choice;
  ASSIGN_OR_RETURN(choice.excludes, ReadExcludes(words));
  ASSIGN_OR_RETURN(choice.aliases, ReadAliases(words));
  ASSIGN_OR_RETURN(choice.shares, ReadShares(words));
  ASSIGN_OR_RETURN(choice.variants, ReadVariants(words));
  if (choice.shares.empty() && choice.aliases.empty()) {
    return WrongWord("rubin", "asks for nothing, as releases=2 would");
  }
  return TagRule(std::move(repository), std::string(text),
                 std::make_shared<const Choice>(std::move(choice)));
}

const std::vector<std::string>& TagRule::aliases() const {
  return choice_->aliases;
}

absl::StatusOr<std::vector<SelectedTag>> TagRule::Select(
    const std::vector<std::string>& tags) const {
  const std::vector<std::string>& aliases = choice_->aliases;
  absl::flat_hash_set<absl::string_view> found;
  std::vector<absl::string_view> others;
  for (const std::string& tag : tags) {
    if (!choice_->Considers(tag)) continue;
    if (std::find(aliases.begin(), aliases.end(), tag) != aliases.end()) {
      found.insert(tag);
    } else {
      others.push_back(tag);
    }
  }
  std::vector<SelectedTag> selected;
  for (const std::string& alias : aliases) {
    if (found.contains(alias)) selected.push_back({alias, true});
  }
  for (const Share& share : choice_->shares) {
    for (const absl::string_view tag :
         Newest(Ranked(others, share.rank), share.most, choice_->variants)) {
      selected.push_back({std::string(tag), false});
    }
  }
  if (!selected.empty()) return selected;
  return absl::NotFoundError(absl::StrCat(
      "none of ", Counted(static_cast<int64_t>(tags.size()), "tag"), " fits \"",
      Printable(text_, 256), "\""));
}

}  // namespace prepull
