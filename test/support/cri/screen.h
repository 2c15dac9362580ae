// What a terminal shows of the bytes it was sent: \r, \n, ESC[nA, ESC[J and
// text, which is all that prepull sends.
#ifndef PREPULL_TEST_SUPPORT_CRI_SCREEN_H_
#define PREPULL_TEST_SUPPORT_CRI_SCREEN_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "test/support/cri/prepull_process.h"

namespace prepull {

// The lines that stand there in the end, those that were scrolled off the top
// included, without empty ones at the bottom. Anything unknown shows as "?".
inline std::vector<std::string> LinesOnScreen(absl::string_view bytes,
                                              TerminalSize size) {
  std::vector<std::vector<std::string>> rows(1);
  size_t row = 0;
  size_t column = 0;
  const auto go_down = [&] {
    if (++row == rows.size()) rows.emplace_back();
  };
  while (!bytes.empty()) {
    size_t length = 1;
    if (bytes[0] == '\r') {
      column = 0;
    } else if (bytes[0] == '\n') {
      go_down();
    } else if (bytes.substr(0, 3) == "\x1b[J") {
      length = 3;
      rows.resize(row + 1);
      rows[row].resize(std::min(rows[row].size(), column));
    } else if (bytes[0] == '\x1b' && bytes.find('A') < 6) {
      length = bytes.find('A') + 1;
      const size_t top = rows.size() - std::min<size_t>(rows.size(), size.rows);
      const size_t up = std::stoul(std::string(bytes.substr(2, length - 3)));
      row = std::max(top, row - std::min(row, up));
    } else {
      if (column == static_cast<size_t>(size.columns)) {
        column = 0;
        go_down();
      }
      const auto is_inside = [&](size_t i) {  // of a UTF-8 character
        return i < bytes.size() && (bytes[i] & 0xC0) == 0x80;
      };
      while (is_inside(length)) ++length;
      rows[row].resize(std::max(rows[row].size(), column + 1), " ");
      rows[row][column++] =
          bytes[0] == '\x1b' ? "?" : std::string(bytes.substr(0, length));
    }
    bytes.remove_prefix(length);
  }
  std::vector<std::string> lines;
  for (const auto& cells : rows) {
    std::string line;
    for (const std::string& cell : cells) line += cell;
    lines.push_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_SCREEN_H_
