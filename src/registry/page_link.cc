#include "src/registry/page_link.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"

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
  for (absl::string_view word :
       absl::StrSplit(value, absl::ByAnyChar(" \t\"'"))) {
    if (absl::AsciiStrToLower(word) == "next") return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> NextPage(absl::string_view link_header) {
  const absl::Status unreadable = absl::InvalidArgumentError(absl::StrCat(
      "the header Link cannot be read: ", Printable(link_header, 200)));
  if (std::count(link_header.begin(), link_header.end(), '"') % 2 != 0) {
    return unreadable;
  }
  absl::string_view text = link_header;
  std::string next;
  while (true) {
    if (!TakeUntil(",<", text).empty()) return unreadable;
    if (text.empty()) return next;
    if (absl::ConsumePrefix(&text, ",")) continue;
    const size_t close = text.find('>');
    if (close == absl::string_view::npos) return unreadable;
    const absl::string_view target = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    bool is_next = false;
    if (!TakeUntil(",;", text).empty()) return unreadable;
    while (absl::ConsumePrefix(&text, ";")) {
      is_next = SaysNext(TakeUntil(",;", text)) || is_next;
    }
    if (is_next && target.empty()) return unreadable;
    if (is_next && next.empty()) next = std::string(target);
  }
}

absl::StatusOr<std::string> NextPage(const HttpResponse& response) {
  std::vector<std::string> links;
  for (const HttpHeader& header : response.headers) {
    if (absl::EqualsIgnoreCase(header.name, "Link")) {
      links.push_back(header.value);
    }
  }
  return NextPage(absl::StrJoin(links, ","));
}

}  // namespace prepull
