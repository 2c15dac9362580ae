#include "src/source/source_line.h"

#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr int64_t kMaxSourceFileBytes = 16 << 20;

}  // namespace

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

absl::StatusOr<std::vector<SourceLine>> ReadSourceLines(
    const std::vector<std::string>& values, const std::string& flag,
    const std::vector<std::string>& paths, FileSystem& files) {
  std::vector<SourceLine> lines;
  for (const std::string& value : values) {
    for (SourceLine& line : SourceLines(value, flag)) {
      lines.push_back({.text = std::move(line.text), .origin = flag});
    }
  }
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string text,
                     files.ReadFile(path, kMaxSourceFileBytes));
    absl::c_move(SourceLines(text, path), std::back_inserter(lines));
  }
  return lines;
}

}  // namespace prepull
