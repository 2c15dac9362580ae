// A line of a file that says what to pull, and where it stands. Pure.
#ifndef PREPULL_SRC_SOURCE_SOURCE_LINE_H_
#define PREPULL_SRC_SOURCE_SOURCE_LINE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace prepull {

struct SourceLine {
  std::string text = "";
  std::string origin = "";  // "excludes.txt:7"
};

// The lines of `text` without the blanks around them; those that hold nothing
// else are left out. CRLF and a missing last newline are accepted. `name` is
// what origins call the file.
std::vector<SourceLine> SourceLines(absl::string_view text,
                                    absl::string_view name);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_SOURCE_LINE_H_
