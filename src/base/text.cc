#include "prepull/base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026
constexpr absl::string_view kSchemeEnd = "://";

// Go's time.Duration ends there, and gRPC's deadlines too: int64 nanoseconds.
constexpr absl::Duration kLongestDuration =
    absl::Nanoseconds(std::numeric_limits<int64_t>::max());

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

// A single quote or bracket may be part of a query, so they do not.
bool EndsUrl(char c) {
  return absl::ascii_isspace(c) || c == '"' || c == '<' || c == '>' || c == '`';
}

bool EndsAuthority(char c) {
  return EndsUrl(c) || c == '/' || c == '?' || c == '#';
}

template <typename Predicate>
size_t LengthUntil(Predicate ends, absl::string_view text) {
  return std::find_if(text.begin(), text.end(), ends) - text.begin();
}

// The length of "user:password@" at the front of `url`, which stands behind
// "://".
size_t UserInfoLength(absl::string_view url) {
  const absl::string_view authority =
      url.substr(0, LengthUntil(EndsAuthority, url));
  return authority.rfind('@') + 1;  // 0 if there is none
}

// The same of `text` that has no scheme. What stands behind an image's '@' is
// a digest, and its name, if it has a '/', ends the authority.
size_t BareUserInfoLength(absl::string_view text) {
  const absl::string_view user = text.substr(0, UserInfoLength(text));
  const bool has_password = absl::StrContains(user, ':');
  text.remove_prefix(user.size());
  const bool is_digest =
      absl::StartsWith(text, "sha256:") || absl::StartsWith(text, "sha512:");
  return has_password && !is_digest ? user.size() : 0;
}

// How much may be shown of `url`, which begins with a host: all before its
// query, or before a second URL joined to it.
size_t OpenLength(absl::string_view url) {
  size_t length = 0;
  while (length < url.size() && url[length] != '?' && !EndsUrl(url[length]) &&
         !absl::StartsWith(url.substr(length), kSchemeEnd)) {
    ++length;
  }
  return length;
}

// The length of the query at the front of `url`, 0 if there is none. A colon
// or bracket at its end belongs to the sentence around the URL.
size_t QueryLength(absl::string_view url) {
  if (!absl::StartsWith(url, "?")) return 0;
  url = url.substr(0, LengthUntil(EndsUrl, url));
  return url.find_last_not_of(":,.;)'\\") + 1;
}

// 1000 for "kB", 2^20 for "MiB" and "Mi", 0 for what is no unit.
double BytesOfUnit(absl::string_view unit) {
  constexpr absl::string_view kPrefixes = "kMGTP";
  absl::ConsumeSuffix(&unit, "B");
  if (unit.empty()) return 1;
  const double base = absl::ConsumeSuffix(&unit, "i") ? 1024 : 1000;
  if (unit == "K") unit = "k";
  const size_t power =
      unit.size() == 1 ? kPrefixes.find(unit[0]) : absl::string_view::npos;
  if (power == absl::string_view::npos) return 0;
  return std::pow(base, static_cast<double>(power + 1));
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

std::string WithoutUrlSecrets(absl::string_view text) {
  std::string clean;
  text.remove_prefix(BareUserInfoLength(text));
  size_t scheme = 0;
  while ((scheme = text.find(kSchemeEnd)) != absl::string_view::npos) {
    const size_t authority = scheme + kSchemeEnd.size();
    absl::StrAppend(&clean, text.substr(0, authority));
    text.remove_prefix(authority);
    text.remove_prefix(UserInfoLength(text));
    const size_t open = OpenLength(text);
    absl::StrAppend(&clean, text.substr(0, open));
    text.remove_prefix(open);
    text.remove_prefix(QueryLength(text));
  }
  return absl::StrCat(clean, text);
}

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  const std::string quoted = absl::StrCat("\"", Printable(text, 64), "\"");
  absl::Duration d;
  const bool parsed = absl::ParseDuration(text, &d);
  double number = 0;
  if (!parsed && absl::SimpleAtod(text, &number) && std::isfinite(number)) {
    return absl::InvalidArgumentError(
        absl::StrCat(quoted, " lacks a unit, as in 30s or 1h30m"));
  }
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat(quoted, " is no duration like 30s or 1h30m"));
  }
  if (d < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(quoted, " is negative"));
  }
  if (d > kLongestDuration) {
    return absl::InvalidArgumentError(
        absl::StrCat(quoted, " is longer than 292 years"));
  }
  return d;
}

absl::StatusOr<int64_t> ParseBytes(absl::string_view text) {
  const std::string quoted = absl::StrCat("\"", Printable(text, 64), "\"");
  text = absl::StripAsciiWhitespace(text);
  const size_t digits =
      std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  if (!absl::SimpleAtod(text.substr(0, digits), &number)) {
    return absl::InvalidArgumentError(
        absl::StrCat(quoted, " is no size like 35GiB or 40GB"));
  }
  const absl::string_view unit =
      absl::StripLeadingAsciiWhitespace(text.substr(digits));
  if (unit.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(quoted, " lacks a unit, as in 35GiB or 40GB"));
  }
  const double factor = BytesOfUnit(unit);
  if (factor == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(quoted, " is no size like 35GiB or 40GB"));
  }
  const double bytes = std::ceil(number * factor);
  if (bytes >= std::ldexp(1.0, 63)) {
    return absl::InvalidArgumentError(absl::StrCat(quoted, " is too large"));
  }
  return static_cast<int64_t>(bytes);
}

std::string HumanDuration(absl::Duration d) {
  if (d < absl::Milliseconds(9950)) {  // "10s", not "10.0s"
    return absl::StrFormat("%.1fs", absl::ToDoubleSeconds(d));
  }
  const int64_t seconds = absl::ToInt64Seconds(d + absl::Milliseconds(500));
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) {
    return absl::StrFormat("%dm%02ds", seconds / 60, seconds % 60);
  }
  return absl::StrFormat("%dh%02dm", seconds / 3600, seconds / 60 % 60);
}

std::string HumanBytes(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 999.5 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  const bool one_digit = unit > 0 && amount < 9.95;
  return absl::StrFormat("%.*f%s", one_digit ? 1 : 0, amount, kUnits[unit]);
}

std::string Counted(int64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

int EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace prepull
