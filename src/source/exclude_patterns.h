// Which images of a release are excluded: basic regular expressions as TALM's
// pre-cache gives them to grep -vG.
//
// A pattern may match anywhere in the line "name$pullspec", including its two
// quotes: "aws" excludes what has it in the name or in the pull spec, ^"cli
// what begins with cli, and tools$ nothing, because a quote ends the line.
// glibc's extensions, such as \|, \+ and \<, are supported.
// Source: https://github.com/openshift-kni/cluster-group-upgrades-operator
// (pre-cache/release.sh)
#ifndef PREPULL_SRC_SOURCE_EXCLUDE_PATTERNS_H_
#define PREPULL_SRC_SOURCE_EXCLUDE_PATTERNS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/file_system.h"
#include "prepull/source/image_list.h"
#include "src/source/source_line.h"

namespace prepull {

// A value. Pure.
class ExcludePatterns {
 public:
  // Errors: INVALID_ARGUMENT  names the line that is not a valid pattern, or
  // that could take unbounded time or memory: back-references (\1), more than
  // a thousand repetitions (\{1000\}), more than 1 KiB.
  static absl::StatusOr<ExcludePatterns> Compile(
      const std::vector<SourceLine>& lines);

  // Whether one of the patterns matches. A line of more than 4 KiB never does.
  bool Excludes(absl::string_view name, absl::string_view pull_spec) const;

 private:
  class Pattern;

  std::vector<std::shared_ptr<const Pattern>> patterns_;
};

// Returns the lines of --exclude and --exclude-file. Errors: as reading a file
// reports.
absl::StatusOr<std::vector<SourceLine>> ExcludesOf(const SourceOptions& options,
                                                   FileSystem& files);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_EXCLUDE_PATTERNS_H_
