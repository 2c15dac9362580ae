#include "prepull/tags/tag_rule.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/tags/semver.h"
#include "src/tags/tag_ranking.h"

namespace prepull {
namespace {

constexpr size_t kMaxRule = 4096;
constexpr uint32_t kNoLimit = std::numeric_limits<uint32_t>::max();

// Returns the error of `word`; `why` follows the word in quotes.
absl::Status InvalidWord(absl::string_view word, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(WithoutUrlSecrets(word), 128), "\": ", why));
}

constexpr uint32_t kMaxCount = 1000000;

enum Orders : uint8_t { kSemver = 1, kRegex = 2, kRubin = 4, kAny = 7 };

struct Key {
  absl::string_view text = "";  // the whole word, or up to ':' or '='
  uint8_t orders = kAny;        // the orders that it applies to
  bool may_repeat = false;
};

// The three orders come first.
constexpr Key kRuleKeys[] = {{"semver:", kSemver},
                             {"regex:", kRegex},
                             {"rubin", kRubin},
                             {"newest:", kSemver | kRegex},
                             {"prerelease", kSemver},
                             {"exclude:", kAny, true},
                             {"variants=", kSemver | kRubin},
                             {"releases=", kRubin},
                             {"candidates=", kRubin},
                             {"weeklies=", kRubin},
                             {"dailies=", kRubin},
                             {"cycle=", kRubin},
                             {"recommended=", kRubin},
                             {"alias=", kRubin, true}};
constexpr absl::Span<const Key> kOrders(kRuleKeys, 3);

bool TakesValue(const Key& key) {
  return key.text.back() == ':' || key.text.back() == '=';
}

bool IsKeyOf(const Key& key, absl::string_view word) {
  return TakesValue(key) ? absl::StartsWith(word, key.text) : word == key.text;
}

std::string Names(absl::Span<const Key> keys) {
  return absl::StrJoin(keys, ", ", [](std::string* out, const Key& key) {
    absl::StrAppend(out, key.text);
  });
}

std::string OrdersOf(const Key& key) {
  std::vector<Key> orders;
  std::copy_if(kOrders.begin(), kOrders.end(), std::back_inserter(orders),
               [&](const Key& order) { return order.orders & key.orders; });
  return absl::StrJoin(orders, " or ", [](std::string* out, const Key& order) {
    absl::StrAppend(out, order.text);
  });
}

// The words of a rule behind its repository. Has views into the text.
class RuleWords {
 public:
  // There must be exactly one of semver:, regex: and rubin, and only words
  // that apply to it. Errors: INVALID_ARGUMENT  names the word.
  static absl::StatusOr<RuleWords> Parse(
      const std::vector<absl::string_view>& words);

  // `key` as it is in the rule: "newest:", "cycle=", "prerelease".
  bool Has(absl::string_view key) const { return values_.contains(key); }

  // Returns the values in their order; none without such a word.
  std::vector<absl::string_view> Values(absl::string_view key) const;

  // Returns the value, "" without such a word.
  absl::string_view Value(absl::string_view key) const;

  // Returns the number, `fallback` without such a word. Errors:
  // INVALID_ARGUMENT  not a number from `min` to a million.
  absl::StatusOr<uint32_t> Count(absl::string_view key, uint32_t min,
                                 uint32_t fallback) const;

 private:
  absl::Status Add(absl::string_view word);

  std::map<absl::string_view, std::vector<absl::string_view>> values_;
};

absl::StatusOr<RuleWords> RuleWords::Parse(
    const std::vector<absl::string_view>& words) {
  RuleWords rule;
  for (const absl::string_view word : words) RETURN_IF_ERROR(rule.Add(word));
  uint8_t orders = 0;
  for (const Key& order : kOrders) {
    if (!rule.Has(order.text)) continue;
    if (orders != 0)
      return InvalidWord(order.text, "second order: expected one");
    orders = order.orders;
  }
  if (orders == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("order is missing: expected one of ", Names(kOrders)));
  }
  for (const Key& key : kRuleKeys) {
    if (rule.Has(key.text) && (key.orders & orders) == 0) {
      return InvalidWord(key.text,
                         absl::StrCat("only valid with ", OrdersOf(key)));
    }
  }
  return rule;
}

absl::Status RuleWords::Add(absl::string_view word) {
  const Key* key =
      std::find_if(std::begin(kRuleKeys), std::end(kRuleKeys),
                   [word](const Key& each) { return IsKeyOf(each, word); });
  if (key == std::end(kRuleKeys)) {
    return InvalidWord(
        word, absl::StrCat("unknown word: expected one of ", Names(kRuleKeys)));
  }
  std::vector<absl::string_view>& values = values_[key->text];
  if (!values.empty() && !key->may_repeat) {
    return InvalidWord(word, "given twice");
  }
  values.push_back(word.substr(key->text.size()));
  if (values.back().empty() && TakesValue(*key)) {
    return InvalidWord(word, "value is missing");
  }
  return absl::OkStatus();
}

std::vector<absl::string_view> RuleWords::Values(absl::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::vector<absl::string_view>()
                                : found->second;
}

absl::string_view RuleWords::Value(absl::string_view key) const {
  const std::vector<absl::string_view> values = Values(key);
  return values.empty() ? "" : values.front();
}

absl::StatusOr<uint32_t> RuleWords::Count(absl::string_view key, uint32_t min,
                                          uint32_t fallback) const {
  if (!Has(key)) return fallback;
  uint32_t count = 0;
  if (!absl::SimpleAtoi(Value(key), &count) || count < min ||
      count > kMaxCount) {
    return InvalidWord(
        absl::StrCat(key, Value(key)),
        absl::StrCat("expected a number from ", min, " to ", kMaxCount));
  }
  return count;
}

// The `limit` newest of those that `rank` includes.
struct Share {
  RankTag rank;
  uint32_t limit = 0;
};

absl::StatusOr<TagPattern> ParsePattern(absl::string_view key,
                                        absl::string_view pattern) {
  absl::StatusOr<TagPattern> parsed = TagPattern::Parse(pattern);
  if (parsed.ok()) return parsed;
  return InvalidWord(absl::StrCat(key, pattern), parsed.status().message());
}

absl::StatusOr<RankTag> ReadVersionOrder(const RuleWords& words) {
  const absl::string_view text = words.Value("semver:");
  absl::StatusOr<SemverRange> range = SemverRange::Parse(text);
  if (!range.ok()) {
    return InvalidWord(absl::StrCat("semver:", text), range.status().message());
  }
  const bool with_prereleases =
      words.Has("prerelease") || range->names_prerelease();
  return RankByVersion(*std::move(range), with_prereleases);
}

absl::StatusOr<RankTag> ReadGroupOrder(const RuleWords& words) {
  ASSIGN_OR_RETURN(TagPattern pattern,
                   ParsePattern("regex:", words.Value("regex:")));
  return RankByGroups(std::move(pattern));
}

absl::StatusOr<Variants> ReadVariants(const RuleWords& words) {
  const absl::string_view variants = words.Value("variants=");
  if (variants == "all") return Variants::kAll;
  if (variants.empty() || variants == "one") return Variants::kOne;
  return InvalidWord(absl::StrCat("variants=", variants),
                     "expected one or all");
}

absl::StatusOr<std::vector<TagPattern>> ReadExcludes(const RuleWords& words) {
  std::vector<TagPattern> excludes;
  for (const absl::string_view text : words.Values("exclude:")) {
    ASSIGN_OR_RETURN(TagPattern pattern, ParsePattern("exclude:", text));
    excludes.push_back(std::move(pattern));
  }
  return excludes;
}

// Returns the aliases in the order of pulling, each once.
absl::StatusOr<std::vector<std::string>> ReadAliases(const RuleWords& words) {
  std::vector<std::string> aliases;
  for (const absl::string_view value : words.Values("alias=")) {
    const std::vector<std::string> tags = absl::StrSplit(value, ',');
    aliases.insert(aliases.end(), tags.begin(), tags.end());
  }
  const std::string recommended(words.Value("recommended="));
  if (!recommended.empty()) aliases.push_back(recommended);
  for (const std::string& alias : aliases) {
    if (!IsTag(alias)) return InvalidWord(alias, "invalid tag");
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
    return InvalidWord(absl::StrCat("cycle=", cycle), "expected a number");
  }
  constexpr std::pair<absl::string_view, RubinKind> kCounts[] = {
      {"releases=", RubinKind::kRelease},
      {"candidates=", RubinKind::kCandidate},
      {"weeklies=", RubinKind::kWeekly},
      {"dailies=", RubinKind::kDaily}};
  std::vector<Share> shares;
  for (const auto& [key, kind] : kCounts) {
    ASSIGN_OR_RETURN(const uint32_t limit, words.Count(key, 0, 0));
    if (limit > 0) shares.push_back({RankRubin(kind, cycle), limit});
  }
  return shares;
}

absl::StatusOr<std::vector<Share>> ReadShares(const RuleWords& words) {
  if (words.Has("rubin")) return ReadRubinShares(words);
  ASSIGN_OR_RETURN(const uint32_t limit, words.Count("newest:", 1, kNoLimit));
  ASSIGN_OR_RETURN(RankTag rank, words.Has("semver:") ? ReadVersionOrder(words)
                                                      : ReadGroupOrder(words));
  return std::vector<Share>{{std::move(rank), limit}};
}

absl::StatusOr<Reference> ParseRepository(absl::string_view word) {
  absl::StatusOr<Reference> repository = Reference::Parse(word);
  if (!repository.ok()) {
    return InvalidWord(word, repository.status().message());
  }
  if (!repository->tag().empty() || !repository->digest().empty()) {
    return InvalidWord(word, "has a tag or a digest: expected a repository");
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
                                        return each.Matches(tag);
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
        absl::StrCat("rule: longer than ", kMaxRule, " bytes"));
  }
  std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (parts.empty()) return absl::InvalidArgumentError("rule: empty");
  ASSIGN_OR_RETURN(Reference repository, ParseRepository(parts.front()));
  parts.erase(parts.begin());
  ASSIGN_OR_RETURN(const RuleWords words, RuleWords::Parse(parts));
  Choice choice;
  ASSIGN_OR_RETURN(choice.excludes, ReadExcludes(words));
  ASSIGN_OR_RETURN(choice.aliases, ReadAliases(words));
  ASSIGN_OR_RETURN(choice.shares, ReadShares(words));
  ASSIGN_OR_RETURN(choice.variants, ReadVariants(words));
  if (choice.shares.empty() && choice.aliases.empty()) {
    return InvalidWord("rubin", "no tags asked for: expected e.g. releases=2");
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
         Newest(Ranked(others, share.rank), share.limit, choice_->variants)) {
      selected.push_back({std::string(tag), false});
    }
  }
  if (!selected.empty()) return selected;
  return absl::NotFoundError(absl::StrCat(
      "none of ", Counted(static_cast<int64_t>(tags.size()), "tag"),
      " matches \"", Printable(text_, 256), "\""));
}

}  // namespace prepull
