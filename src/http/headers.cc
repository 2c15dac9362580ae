#include "prepull/http/headers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// RFC 9110, section 5.6.2.
bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("!#$%&'*+-.^_`|~", c);
}

class ChallengeReader {
 public:
  explicit ChallengeReader(absl::string_view text) : text_(text) {}

  std::vector<Challenge> Read() {
    std::vector<Challenge> challenges;
    while (SkipCommas(), !text_.empty()) {
      const std::string word = ReadToken();
      if (word.empty()) break;
      if (SkipBlanks(); absl::ConsumePrefix(&text_, "=")) {
        // A parameter: of the challenge before it.
        const std::optional<std::string> value = ReadValue();
        if (challenges.empty() || !value.has_value()) break;
        challenges.back().parameters.emplace(word, *value);
      } else {
        challenges.push_back({.scheme = word});
      }
    }
    return challenges;
  }

 private:
  void SkipBlanks() { text_ = absl::StripLeadingAsciiWhitespace(text_); }

  void SkipCommas() {
    while (SkipBlanks(), absl::ConsumePrefix(&text_, ",")) {
    }
  }

  std::string Cut(size_t size) {
    std::string cut(text_.substr(0, size));
    text_.remove_prefix(cut.size());
    return cut;
  }

  // In lower case; "" if there is none.
  std::string ReadToken() {
    const auto* end = std::find_if_not(text_.begin(), text_.end(),  //
                                       IsTokenCharacter);
    return absl::AsciiStrToLower(Cut(end - text_.begin()));
  }

  std::optional<std::string> ReadValue() {
    SkipBlanks();
    if (absl::ConsumePrefix(&text_, "\"")) return ReadQuoted();
    return Cut(text_.find_first_of(", "));
  }

  std::optional<std::string> ReadQuoted() {
    std::string value;
    while (!text_.empty() && text_.front() != '"') {
      if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
      value.push_back(text_.front());
      text_.remove_prefix(1);
    }
    if (!absl::ConsumePrefix(&text_, "\"")) return std::nullopt;
    return value;
  }

  absl::string_view text_;
};

// Cuts `text` off up to the first of `ends` outside of quotes, and returns
// what was before it.
absl::string_view CutUntil(absl::string_view ends, absl::string_view& text) {
  bool is_quoted = false;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') is_quoted = !is_quoted;
    if (!is_quoted && ends.find(text[at]) != absl::string_view::npos) break;
  }
  const absl::string_view cut = text.substr(0, at);
  text.remove_prefix(at);
  return absl::StripAsciiWhitespace(cut);
}

// Whether `parameter` is like rel="prev next". Relations may be in any case.
bool IsRelationNext(absl::string_view parameter) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(parameter, absl::MaxSplits('=', 1));
  if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts.first), "rel")) {
    return false;
  }
  for (absl::string_view word :
       absl::StrSplit(parts.second, absl::ByAnyChar(" \t\"'"))) {
    if (absl::EqualsIgnoreCase(word, "next")) return true;
  }
  return false;
}

}  // namespace

bool IsHttpToken(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

absl::Duration RetryAfter(const HttpResponse& response) {
  int seconds = 0;
  if (!absl::SimpleAtoi(response.Header("Retry-After"), &seconds)) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(std::max(seconds, 0));
}

std::vector<Challenge> ParseChallenges(absl::string_view header) {
  return ChallengeReader(header).Read();
}

absl::StatusOr<std::string> NextPage(absl::string_view link_header) {
  const absl::Status invalid = absl::InvalidArgumentError(
      absl::StrCat("invalid header Link: ", Printable(link_header, 200)));
  if (std::count(link_header.begin(), link_header.end(), '"') % 2 != 0) {
    return invalid;
  }
  absl::string_view text = link_header;
  std::string next;
  while (true) {
    if (!CutUntil(",<", text).empty()) return invalid;
    if (text.empty()) return next;
    if (absl::ConsumePrefix(&text, ",")) continue;
    const size_t close = text.find('>');
    if (close == absl::string_view::npos) return invalid;
    const absl::string_view target = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    bool is_next = false;
    if (!CutUntil(",;", text).empty()) return invalid;
    while (absl::ConsumePrefix(&text, ";")) {
      is_next = IsRelationNext(CutUntil(",;", text)) || is_next;
    }
    if (is_next && target.empty()) return invalid;
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
