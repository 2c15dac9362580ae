#include "prepull/base/table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace prepull {

std::string Table(const std::vector<std::string>& titles,
                  const std::vector<std::vector<std::string>>& rows,
                  bool with_header) {
  std::vector<std::string> header;
  std::vector<int> widths;
  for (size_t i = 0; i < titles.size(); ++i) {
    header.emplace_back(absl::StripPrefix(titles[i], ">"));
    size_t width = with_header ? header[i].size() : 1;
    for (const auto& row : rows) width = std::max(width, row[i].size());
    widths.push_back(static_cast<int>(width));
  }
  std::string table;
  const auto append = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const bool is_right = titles[i].front() == '>';
      absl::StrAppendFormat(&line, "%s%*s", i == 0 ? "" : "  ",
                            is_right ? widths[i] : -widths[i],
                            cells[i].empty() ? "-" : cells[i]);
    }
    absl::StrAppend(&table, absl::StripTrailingAsciiWhitespace(line), "\n");
  };
  if (with_header) append(header);
  for (const auto& row : rows) append(row);
  return table;
}

}  // namespace prepull
