// http and https URLs: splits, resolves and encodes them. Pure.
//
// No error shows anything of a URL, since it may hold a secret.
// Source: https://www.rfc-editor.org/rfc/rfc3986
#ifndef PREPULL_HTTP_URL_H_
#define PREPULL_HTTP_URL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// "https://host:port" in parts.
struct Origin {
  std::string scheme = "";
  std::string authority = "";  // with the port that was given, if any

  std::string text() const { return scheme + "://" + authority; }
  friend bool operator==(const Origin& a, const Origin& b) {
    return a.scheme == b.scheme && a.authority == b.authority;
  }
};

// The parts that a client needs.
struct Url {
  bool is_secure = false;
  std::string host = "";  // a name, or an address without brackets
  uint16_t port = 0;
  std::string authority = "";  // as in the Host header: no default port
  std::string target = "";     // path and query, begins with /
  Origin origin = {};          // in lower case
};

// Errors: INVALID_ARGUMENT  not an http or https URL, or has user info.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// Returns the URL that `location` means on the page `url`: it may be relative.
// Errors: INVALID_ARGUMENT  it is not an http or https URL.
absl::StatusOr<std::string> ResolveUrl(absl::string_view url,
                                       absl::string_view location);

// Returns `text` as a value in a query or a form.
std::string PercentEncoded(absl::string_view text);

// Errors: INVALID_ARGUMENT  a '%' without two hex digits.
absl::StatusOr<std::string> PercentDecoded(absl::string_view text);

// Whether `host` is localhost or an address of this machine alone: 127.0.0.0/8
// or ::1, without brackets.
bool IsLoopback(absl::string_view host);

}  // namespace prepull

#endif  // PREPULL_HTTP_URL_H_
