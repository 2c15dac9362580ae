#include "src/registry/page_link.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

// Up to the next `end` that stands in no quotes; `text` goes on behind it.
absl::string_view TakeUntil(absl::string_view ends, absl::string_view& text) {
  bool is_quoted = false;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') is_quoted = !is_quoted;
    if (!is_quoted && ends.find(text[at]) != absl::string_view::npos) break;
  }
  const absl::string_view taken = text.substr(0, at);
  text.remove_prefix(at);
  return absl::StripAsciiWhitespace(taken);
}

// `parameter`: rel="prev next". A relation's words are in any case.
bool SaysNext(absl::string_view parameter) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(parameter, absl::MaxSplits('=', 1));
  if (absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts.first)) != "rel") {
    return false;
  }
  absl::string_view value = absl::StripAsciiWhitespace(parts.second);
  absl::ConsumePrefix(&value, "\"");
  absl::ConsumeSuffix(&value, "\"");
  for (absl::string_view word : absl::StrSplit(value, ' ')) {
    if (absl::AsciiStrToLower(word) == "next") return true;
  }
  return false;
}

}  // namespace

std::string NextPage(absl::string_view text) {
  while (true) {
    const size_t open = text.find('<');
    if (open == absl::string_view::npos) return "";
    text.remove_prefix(open + 1);
    const size_t close = text.find('>');
    if (close == absl::string_view::npos) return "";
    const absl::string_view target = text.substr(0, close);
    text.remove_prefix(close + 1);
    bool is_next = false;
    TakeUntil(",;", text);
    while (absl::ConsumePrefix(&text, ";")) {
      is_next = SaysNext(TakeUntil(",;", text)) || is_next;
    }
    if (is_next) return std::string(target);
  }
}

}  // namespace prepull
