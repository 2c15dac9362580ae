// The words of a tag rule behind its repository: which there are, and which go
// together. Pure.
#ifndef PREPULL_SRC_TAGS_RULE_WORDS_H_
#define PREPULL_SRC_TAGS_RULE_WORDS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// A word of the rule is wrong; `why` follows the word in quotes.
absl::Status WrongWord(absl::string_view word, absl::string_view why);

// Holds views into the text.
class RuleWords {
 public:
  // There is exactly one of semver:, regex: and rubin, and no word that has
  // nothing to say to it. Errors: INVALID_ARGUMENT  names the word.
  static absl::StatusOr<RuleWords> Parse(
      const std::vector<absl::string_view>& words);

  // `key` as it stands in the rule: "newest:", "cycle=", "prerelease".
  bool Has(absl::string_view key) const { return values_.contains(key); }

  // The values in their order; none if there is no such word.
  std::vector<absl::string_view> Values(absl::string_view key) const;

  // Empty if there is no such word.
  absl::string_view Value(absl::string_view key) const;

  // `otherwise` if there is no such word. Errors: INVALID_ARGUMENT  no number
  // from `least` to a million.
  absl::StatusOr<uint32_t> Count(absl::string_view key, uint32_t least,
                                 uint32_t otherwise) const;

 private:
  absl::Status Add(absl::string_view word);

  std::map<absl::string_view, std::vector<absl::string_view>> values_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_TAGS_RULE_WORDS_H_
