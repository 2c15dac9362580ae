// The lines of options and of files that hold one pattern or rule per line.
#ifndef PREPULL_SRC_SOURCE_SOURCE_LINE_H_
#define PREPULL_SRC_SOURCE_SOURCE_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/file_system.h"

namespace prepull {

struct SourceLine {
  std::string text = "";
  std::string origin = "";  // "excludes.txt:7"
};

// Returns the lines of `text` without leading and trailing blanks, without
// empty ones. CRLF and a missing last newline are accepted. `name` is the
// file in origins. Pure.
std::vector<SourceLine> SourceLines(absl::string_view text,
                                    absl::string_view name);

// Returns the lines of the values of `flag`, then those of `paths`. Errors: as
// reading a file reports.
absl::StatusOr<std::vector<SourceLine>> ReadSourceLines(
    const std::vector<std::string>& values, const std::string& flag,
    const std::vector<std::string>& paths, FileSystem& files);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_SOURCE_LINE_H_
