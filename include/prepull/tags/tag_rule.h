// Which tags of a repository are wanted: "quay.io/team/app semver:~1.2
// newest:3". Pure.
//
// The repository is followed by one order and its words, in any order,
// separated by blanks:
//   semver:RANGE    versions of three numbers within "~1.2", "^1", "1.2.x",
//                   "1.2", ">=1.2,<2" (a comma joins bounds that must all
//                   hold) or "*"; pre-releases only with the word
//                   "prerelease" or if the range names one
//   regex:PATTERN   tags that RE2 finds the pattern in, by its groups one
//                   after another: numbers by value, and above them text by
//                   its bytes; without groups by the tag
//   rubin           the Rubin Observatory's tags: releases=N candidates=N
//                   weeklies=N dailies=N, cycle=N for those of one cycle only,
//                   and the aliases recommended=TAG and alias=TAG[,TAG...]
//   newest:N        at most the N highest (semver, regex)
//   exclude:PATTERN no tag that RE2 finds the pattern in; repeatable
//   variants=all    all tags that are one version (semver) or one build
//                   (rubin); by default they count as one, which is the plain
//                   tag or the one with the highest build or cycle
// Source: the grammar and order of rubin are those of
// https://github.com/lsst-sqre/cachemachine, but rc10 is above rc2.
#ifndef PREPULL_TAGS_TAG_RULE_H_
#define PREPULL_TAGS_TAG_RULE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/image/reference.h"

namespace prepull {

struct SelectedTag {
  std::string tag = "";
  // Asked for by its name, which may move from image to image.
  bool is_alias = false;

  bool operator==(const SelectedTag&) const = default;
};

class TagRule {
 public:
  // Errors: INVALID_ARGUMENT  names the word.
  static absl::StatusOr<TagRule> Parse(absl::string_view text);

  // It has neither tag nor digest.
  const Reference& repository() const { return repository_; }

  // The tags asked for by name, each once, in the order of pulling.
  const std::vector<std::string>& aliases() const;

  // Returns the wanted ones of `tags` in the order of pulling: aliases
  // (recommended first, the others in descending alphabetical order), then
  // releases, candidates, weeklies, dailies, each newest first. Invalid tags
  // of a registry are ignored. An alias is selected whatever the cycle, which
  // its name does not tell. Errors: NOT_FOUND  none is wanted.
  absl::StatusOr<std::vector<SelectedTag>> Select(
      const std::vector<std::string>& tags) const;

 private:
  struct Choice;

  TagRule(Reference repository, std::string text,
          std::shared_ptr<const Choice> choice);

  Reference repository_;
  std::string text_;
  std::shared_ptr<const Choice> choice_;
};

}  // namespace prepull

#endif  // PREPULL_TAGS_TAG_RULE_H_
