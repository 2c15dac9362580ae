#include "src/source/source_line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/text.h"

namespace prepull {

std::vector<SourceLine> SourceLines(absl::string_view text,
                                    absl::string_view name) {
  text = WithoutByteOrderMark(text);
  std::vector<SourceLine> lines;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view content = absl::StripAsciiWhitespace(line);
    if (content.empty()) continue;
    lines.push_back({std::string(content), absl::StrCat(name, ":", number)});
  }
  return lines;
}

}  // namespace prepull
