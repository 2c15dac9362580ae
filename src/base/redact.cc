#include "prepull/base/redact.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::string_view kSchemeEnd = "://";

constexpr size_t kMaxReportedBytes = 1024;

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

// Returns the length of "user:password@" at the start of `url`, which is after
// "://".
size_t UserInfoLength(absl::string_view url) {
  const absl::string_view authority =
      url.substr(0, LengthUntil(EndsAuthority, url));
  return authority.rfind('@') + 1;  // 0 if there is none
}

// The same of `text` that has no scheme. What follows an image's '@' is
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

// Go quotes where a redirect leads as the registry wrote it, a URL without
// scheme or host: `Get "/blob?signature": ...`.
std::string WithoutQuotedQueries(absl::string_view text) {
  std::string clean;
  bool is_quoted = false;
  bool is_query = false;
  for (const char c : text) {
    if (c == '"' || c == '\\' || absl::ascii_isspace(c)) {
      is_quoted = c == '"';
      is_query = false;
    }
    is_query = is_query || (is_quoted && c == '?');
    if (!is_query) clean.push_back(c);
  }
  return clean;
}

bool IsOfToken(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("-._~+/=", c);
}

// Returns `text` without what follows `scheme`, the start of an Authorization
// header that a registry repeats. Shorter words are part of a sentence.
std::string WithoutTokens(absl::string_view text, absl::string_view scheme) {
  constexpr ptrdiff_t kMinTokenSize = 16;
  std::string clean;
  size_t at = 0;
  while ((at = text.find(scheme)) != absl::string_view::npos) {
    absl::StrAppend(&clean, text.substr(0, at + scheme.size()));
    text.remove_prefix(at + scheme.size());
    const ptrdiff_t length =
        std::find_if_not(text.begin(), text.end(), IsOfToken) - text.begin();
    if (length < kMinTokenSize) continue;
    clean += "***";
    text.remove_prefix(length);
  }
  return absl::StrCat(clean, text);
}

}  // namespace

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

std::string ReportedMessage(const absl::Status& error) {
  std::string text = WithoutQuotedQueries(WithoutUrlSecrets(error.message()));
  for (const absl::string_view scheme : {"Bearer ", "Basic "}) {
    text = WithoutTokens(text, scheme);
  }
  const std::string line =
      Printable(absl::StripAsciiWhitespace(text), kMaxReportedBytes);
  return line.empty() ? absl::StatusCodeToString(error.code()) : line;
}

}  // namespace prepull
