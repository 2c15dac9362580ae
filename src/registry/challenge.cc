#include "src/registry/challenge.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace prepull {
namespace {

// RFC 9110, 5.6.2.
bool IsTokenByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("!#$%&'*+-.^_`|~", c);
}

class ChallengeReader {
 public:
  explicit ChallengeReader(absl::string_view text) : text_(text) {}

  std::vector<Challenge> Read() {
    std::vector<Challenge> challenges;
    while (SkipCommas(), !text_.empty()) {
      const std::string word = Token();
      if (word.empty()) break;
      if (SkipBlanks(); Take('=')) {
        // A parameter: of the challenge before it.
        const std::optional<std::string> value = Value();
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
    while (SkipBlanks(), Take(',')) {
    }
  }

  bool Take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Lower case; empty if there is none.
  std::string Token() {
    size_t end = 0;
    while (end < text_.size() && IsTokenByte(text_[end])) ++end;
    std::string token = absl::AsciiStrToLower(text_.substr(0, end));
    text_.remove_prefix(end);
    return token;
  }

  std::optional<std::string> Value() {
    SkipBlanks();
    if (Take('"')) return Quoted();
    size_t end = 0;
    while (end < text_.size() && text_[end] != ',' && text_[end] != ' ') ++end;
    std::string value(text_.substr(0, end));
    text_.remove_prefix(end);
    return value;
  }

  std::optional<std::string> Quoted() {
    std::string value;
    while (!text_.empty() && text_.front() != '"') {
      if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
      value.push_back(text_.front());
      text_.remove_prefix(1);
    }
    if (!Take('"')) return std::nullopt;
    return value;
  }

  absl::string_view text_;
};

}  // namespace

std::vector<Challenge> ParseChallenges(absl::string_view header) {
  return ChallengeReader(header).Read();
}

}  // namespace prepull
