#include "prepull/tags/semver.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kNumbers = 3;

enum class WordKind { kNothing, kNumber, kText };

WordKind KindOf(absl::string_view word) {
  if (word.empty()) return WordKind::kNothing;
  return IsNumber(word) ? WordKind::kNumber : WordKind::kText;
}

absl::string_view WithoutLeadingZeros(absl::string_view number) {
  number.remove_prefix(
      std::min(number.find_first_not_of('0'), number.size() - 1));
  return number;
}

bool IsIdentifier(absl::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-';
  });
}

// Appends the identifiers of `text` to `words`; false if one is invalid.
bool AppendIdentifiers(absl::string_view text, TagWords& words) {
  for (const absl::string_view word : absl::StrSplit(text, '.')) {
    if (!IsIdentifier(word)) return false;
    words.push_back(word);
  }
  return true;
}

bool IsWildcard(absl::string_view word) {
  return word == "x" || word == "X" || word == "*";
}

bool IsZero(absl::string_view number) {
  return number.find_first_not_of('0') == absl::string_view::npos;
}

// Returns the numbers of "1.2", "1.2.x" or "*"; nothing for other texts.
std::optional<std::vector<std::string>> ParsePartial(absl::string_view text) {
  absl::ConsumePrefix(&text, "v");
  std::vector<std::string> words = absl::StrSplit(text, '.');
  if (words.size() > kNumbers) return std::nullopt;
  while (!words.empty() && IsWildcard(words.back())) words.pop_back();
  if (!std::all_of(words.begin(), words.end(), IsNumber)) return std::nullopt;
  return words;
}

// Returns the words of a bound: the rank of a version, or some of its numbers.
absl::StatusOr<std::vector<std::string>> ParseWords(absl::string_view text) {
  if (const std::optional<Semver> version = ParseSemver(text)) {
    return std::vector<std::string>(version->rank.begin(), version->rank.end());
  }
  std::optional<std::vector<std::string>> partial = ParsePartial(text);
  if (partial) return *std::move(partial);
  return absl::InvalidArgumentError(
      absl::StrCat("invalid version \"", Printable(text, 64),
                   "\": expected e.g. 1.2, 1.2.x or 1.2.3"));
}

}  // namespace

bool IsNumber(absl::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), absl::ascii_isdigit);
}

int CompareWord(absl::string_view a, absl::string_view b) {
  const WordKind kind = KindOf(a);
  const WordKind other = KindOf(b);
  if (kind != other) return kind < other ? -1 : 1;
  if (kind == WordKind::kNumber) {
    a = WithoutLeadingZeros(a);
    b = WithoutLeadingZeros(b);
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  }
  return a.compare(b);
}

std::optional<Semver> ParseSemver(absl::string_view text) {
  absl::ConsumePrefix(&text, "v");
  Semver version;
  const size_t numbers_end = std::min(text.find_first_of("-+_"), text.size());
  for (const absl::string_view word :
       absl::StrSplit(text.substr(0, numbers_end), '.')) {
    if (!IsNumber(word)) return std::nullopt;
    version.rank.push_back(word);
  }
  if (version.rank.size() != kNumbers) return std::nullopt;
  text.remove_prefix(numbers_end);
  const size_t build = std::min(text.find_first_of("+_"), text.size());
  absl::string_view prerelease = text.substr(0, build);
  if (!absl::ConsumePrefix(&prerelease, "-")) {
    version.rank.push_back(kHighestWord);
  } else if (!AppendIdentifiers(prerelease, version.rank)) {
    return std::nullopt;
  }
  text.remove_prefix(build);
  if (!text.empty() && !AppendIdentifiers(text.substr(1), version.build)) {
    return std::nullopt;
  }
  return version;
}

absl::StatusOr<SemverRange> SemverRange::Parse(absl::string_view text) {
  SemverRange range;
  for (const absl::string_view bound : absl::StrSplit(text, ',')) {
    RETURN_IF_ERROR(range.Add(bound));
  }
  return range;
}

absl::StatusOr<SemverRange> SemverRange::Between(absl::string_view min,
                                                 absl::string_view max) {
  SemverRange range;
  if (!min.empty()) RETURN_IF_ERROR(range.Add(Relation::kAtLeast, min));
  if (!max.empty()) RETURN_IF_ERROR(range.Add(Relation::kAtMost, max));
  return range;
}

absl::Status SemverRange::Add(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "~")) return AddCompatible(text, false);
  if (absl::ConsumePrefix(&text, "^")) return AddCompatible(text, true);
  if (absl::ConsumePrefix(&text, ">=")) return Add(Relation::kAtLeast, text);
  if (absl::ConsumePrefix(&text, "<=")) return Add(Relation::kAtMost, text);
  if (absl::ConsumePrefix(&text, ">")) return Add(Relation::kAbove, text);
  if (absl::ConsumePrefix(&text, "<")) return Add(Relation::kBelow, text);
  absl::ConsumePrefix(&text, "=");
  return Add(Relation::kEqual, text);
}

absl::Status SemverRange::Add(Relation relation, absl::string_view version) {
  ASSIGN_OR_RETURN(std::vector<std::string> words, ParseWords(version));
  // By the order 2.0.0-rc.1 is below 2.0.0, but "<2.0.0" does not mean it.
  if (relation == Relation::kBelow && !words.empty() &&
      words.back() == kHighestWord) {
    words.pop_back();
  }
  bounds_.push_back({relation, std::move(words)});
  return absl::OkStatus();
}

// "~1.2.3" keeps major and minor, "~1" the major; "^1.2.3" keeps the numbers
// up to the first that is not 0
// (https://github.com/npm/node-semver#advanced-range-syntax).
absl::Status SemverRange::AddCompatible(absl::string_view version,
                                        bool is_caret) {
  RETURN_IF_ERROR(Add(Relation::kAtLeast, version));
  std::vector<std::string> kept = bounds_.back().words;
  kept.resize(std::min(kept.size(), kNumbers));
  size_t count = std::min<size_t>(kept.size(), 2);
  if (is_caret) {
    const auto first = std::find_if_not(kept.begin(), kept.end(), IsZero);
    count = std::min<size_t>(first - kept.begin() + 1, kept.size());
  }
  kept.resize(count);
  bounds_.push_back({Relation::kEqual, std::move(kept)});
  return absl::OkStatus();
}

bool SemverRange::Includes(const Semver& version) const {
  return std::all_of(bounds_.begin(), bounds_.end(), [&](const Bound& bound) {
    return bound.Includes(version.rank);
  });
}

bool SemverRange::names_prerelease() const {
  return std::any_of(bounds_.begin(), bounds_.end(), [](const Bound& bound) {
    return bound.words.size() > kNumbers &&
           bound.words[kNumbers] != kHighestWord;
  });
}

bool SemverRange::Bound::Includes(const TagWords& rank) const {
  const int order = words.size() > kNumbers
                        ? CompareWords(rank, words)
                        : CompareWords(rank, words, words.size());
  switch (relation) {
    case Relation::kBelow:
      return order < 0;
    case Relation::kAtMost:
      return order <= 0;
    case Relation::kEqual:
      return order == 0;
    case Relation::kAtLeast:
      return order >= 0;
    case Relation::kAbove:
      return order > 0;
  }
  return false;
}

}  // namespace prepull
