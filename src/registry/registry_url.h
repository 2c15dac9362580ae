// The addresses that a registry is asked at. Pure.
#ifndef PREPULL_REGISTRY_REGISTRY_URL_H_
#define PREPULL_REGISTRY_REGISTRY_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

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

// What `location` means in an answer of `origin`: it may be a path. Errors:
// INVALID_ARGUMENT  neither a path nor a URL.
absl::StatusOr<std::string> ResolveLocation(const Origin& origin,
                                            absl::string_view location);

// localhost, 127.0.0.0/8 or [::1], with a port or not.
bool IsLoopback(absl::string_view authority);

// Where a registry of that name listens: Docker Hub does elsewhere.
std::string AuthorityOf(const std::string& registry);

// `text` as a value in a query or a form.
std::string PercentEncoded(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_REGISTRY_REGISTRY_URL_H_
