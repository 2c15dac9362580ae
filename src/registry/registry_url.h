// The addresses that a registry is asked at. Pure.
#ifndef PREPULL_SRC_REGISTRY_REGISTRY_URL_H_
#define PREPULL_SRC_REGISTRY_REGISTRY_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/image/reference.h"

namespace prepull {

// An image, where it is asked for: at its registry or at a mirror.
struct Place {
  Reference image;
  // Of each request; fewer where there is another place to ask.
  int tries = 1;
};

// "https://host:port" in parts.
struct Origin {
  std::string scheme = "";
  std::string authority = "";

  std::string text() const { return scheme + "://" + authority; }
  friend bool operator==(const Origin& a, const Origin& b) {
    return a.scheme == b.scheme && a.authority == b.authority;
  }
};

// Errors: INVALID_ARGUMENT  it is no http or https URL, or holds user info.
absl::StatusOr<Origin> OriginOf(absl::string_view url);

// What `location` means in the answer to a request for `url`, an http or https
// URL: it may be relative. Errors: INVALID_ARGUMENT  it leads to neither http
// nor https.
// Source: https://www.rfc-editor.org/rfc/rfc3986#section-5.2
absl::StatusOr<std::string> ResolveLocation(absl::string_view url,
                                            absl::string_view location);

// localhost, 127.0.0.0/8 or [::1], with a port or not.
bool IsLoopback(absl::string_view authority);

// Where a registry of that name listens: Docker Hub does elsewhere.
std::string AuthorityOf(const std::string& registry);

// Whether `text` is "host[:port]" as image names have it, and nothing else.
bool IsAuthority(absl::string_view text);

// `text` as a value in a query or a form.
std::string PercentEncoded(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_REGISTRY_URL_H_
