// Which images of a release are left out: basic regular expressions as those
// of TALM's pre-cache, which gives them to grep -vG.
//
// A pattern may fit anywhere in the line "name$pullspec", its two quotes
// included: "aws" leaves out what has it in the name or in the pull spec,
// ^"cli what begins with cli, and tools$ nothing, since a quote ends the line.
// glibc's extensions are there, as \|, \+ and \<. Pure.
// Source: https://github.com/openshift-kni/cluster-group-upgrades-operator
// (pre-cache/release.sh)
#ifndef PREPULL_SRC_SOURCE_EXCLUDE_PATTERNS_H_
#define PREPULL_SRC_SOURCE_EXCLUDE_PATTERNS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/source/source_line.h"

namespace prepull {

class ExcludePatterns {
 public:
  // Errors: INVALID_ARGUMENT  names the line that is no pattern, or that could
  // take time or memory without bound: back-references (\1), more than a
  // thousand repetitions (\{1000\}), more than 1 KiB.
  static absl::StatusOr<ExcludePatterns> Compile(
      const std::vector<SourceLine>& lines);

  // Whether one of the patterns fits. A line of more than 4 KiB fits none.
  bool Excludes(absl::string_view name, absl::string_view pull_spec) const;

 private:
  class Pattern;

  std::vector<std::shared_ptr<const Pattern>> patterns_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_EXCLUDE_PATTERNS_H_
