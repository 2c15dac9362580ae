// Which tags of a repository are wanted: "quay.io/team/app semver:~1.2
// newest:3". Pure.
//
// Behind the repository stands one order, and what it takes, in any order,
// separated by blanks; no word holds one:
//   semver:RANGE    versions of three numbers within "~1.2", "^1", "1.2.x",
//                   "1.2", ">=1.2,<2" (a comma joins bounds that must all
//                   hold) or "*"; pre-releases only with the word
//                   "prerelease" or where the range names one
//   regex:PATTERN   what RE2 finds the pattern in, by its groups one after
//                   another: numbers by value, and above them text by its
//                   bytes; without groups by the tag
//   rubin           the Rubin Observatory's tags: releases=N candidates=N
//                   weeklies=N dailies=N, cycle=N for those of one cycle only,
//                   and the aliases recommended=TAG and alias=TAG[,TAG...]
//   newest:N        no more than the N highest (semver, regex)
//   exclude:PATTERN none that RE2 finds the pattern in; repeatable
//   variants=all    each of the tags that are one version (semver) or one
//                   build (rubin), which else count as one: the plain one
//                   stands for them, or the highest build or cycle
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
  // Asked for by its name, and moved about: its digest says what it is.
  bool is_alias = false;

  bool operator==(const SelectedTag&) const = default;
};

class TagRule {
 public:
  // Errors: INVALID_ARGUMENT  names the word.
  static absl::StatusOr<TagRule> Parse(absl::string_view text);

  // Without tag and digest.
  const Reference& repository() const { return repository_; }

  // Asked for by name, each once, in the order of pulling.
  const std::vector<std::string>& aliases() const;

  // The wanted ones of `tags` in the order of pulling, whatever their order:
  // aliases (recommended first, the others the last in the alphabet first),
  // then releases, candidates, weeklies, dailies, each newest first. What is
  // no tag, as registries may say anything, is passed over. An alias is taken
  // whatever the cycle, which its name does not say.
  // Errors: NOT_FOUND  none is wanted.
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
