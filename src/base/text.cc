#include "prepull/base/text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

// The length of a Secret's name.
constexpr size_t kMaxNameBytes = 253;
constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

bool IsContinuation(unsigned char c) { return (c & 0xC0) == 0x80; }

// How long the UTF-8 sequence is that begins with `lead`; 0 if none does.
size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Overlong forms, surrogates and code points above U+10FFFF
// (Unicode 15, table 3-7).
bool IsForbiddenPair(unsigned char lead, unsigned char second) {
  return (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
         (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
}

// Length of the valid UTF-8 character at the front of `text`; 0 if broken.
size_t ValidCharacter(absl::string_view text) {
  const size_t length = SequenceLength(text[0]);
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  if (length > 1 && IsForbiddenPair(text[0], text[1])) return 0;
  return length;
}

bool IsIn(absl::string_view character, absl::string_view first,
          absl::string_view last) {
  return character.size() == first.size() && first <= character &&
         character <= last;
}

// What a terminal obeys instead of showing it: C0, DEL, C1, the line breaks
// and writing directions U+2028 to U+202E, and U+2066 to U+2069
// (https://trojansource.codes).
bool IsControl(absl::string_view character) {
  if (character.size() == 1) return absl::ascii_iscntrl(character[0]);
  return IsIn(character, "\xC2\x80", "\xC2\x9F") ||
         IsIn(character, "\xE2\x80\xA8", "\xE2\x80\xAE") ||
         IsIn(character, "\xE2\x81\xA6", "\xE2\x81\xA9");
}

}  // namespace

std::string Printable(absl::string_view text, size_t limit_bytes) {
  std::string printable;
  printable.reserve(std::min(text.size(), limit_bytes));
  size_t room_for_ellipsis = 0;
  while (!text.empty()) {
    const size_t length = ValidCharacter(text);
    absl::string_view character =
        length == 0 ? kReplacement : text.substr(0, length);
    if (IsControl(character)) character = " ";
    if (printable.size() + character.size() > limit_bytes) {
      printable.resize(room_for_ellipsis);
      if (limit_bytes < kEllipsis.size()) return "";
      return absl::StrCat(printable, kEllipsis);
    }
    absl::StrAppend(&printable, character);
    if (printable.size() + kEllipsis.size() <= limit_bytes) {
      room_for_ellipsis = printable.size();
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return printable;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = ValidCharacter(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

absl::string_view WithoutByteOrderMark(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  return text;
}

bool IsPlainName(absl::string_view name) {
  return !name.empty() && name != "." && !absl::StartsWith(name, "..") &&
         name.size() <= kMaxNameBytes && !absl::StrContains(name, '/') &&
         Printable(name, name.size()) == name;
}

std::pair<absl::string_view, absl::string_view> SplitHostPort(
    absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return {text, ""};
  const bool is_port =
      text[0] == '[' ? text[colon - 1] == ']' : text.find(':') == colon;
  if (!is_port) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string Counted(int64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace prepull
