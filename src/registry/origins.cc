#include "src/registry/origins.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/passing_error.h"

namespace prepull {
namespace {

// Docker Hub listens elsewhere than its name says.
std::string AuthorityOf(const Reference& image) {
  const std::string& registry = image.registry();
  return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

bool IsOnLoopback(absl::string_view authority) {
  const absl::StatusOr<Url> url = ParseUrl(absl::StrCat("https://", authority));
  return url.ok() && IsLoopback(url->host);
}

}  // namespace

Origins::Origins(const std::vector<std::string>& insecure_hosts,
                 RetryingClient& http)
    : insecure_hosts_(insecure_hosts), http_(http) {}

absl::StatusOr<Origin> Origins::For(const Place& place) {
  const std::string authority = AuthorityOf(place.image);
  if (!place.may_be_plain && !IsOnLoopback(authority) &&
      !IsInsecure(authority)) {
    return Origin{"https", authority};
  }
  const std::pair key(authority, place.accepts_any_certificate);
  {
    MutexLock lock(mutex_);
    const auto known = schemes_.find(key);
    if (known != schemes_.end()) return Origin{known->second, authority};
  }
  absl::Status why;
  for (const char* scheme : {"https", "http"}) {
    const Origin origin = {scheme, authority};
    const absl::Status tried = Try(origin, place);
    if (tried.ok()) {
      MutexLock lock(mutex_);
      schemes_[key] = scheme;
      return origin;
    }
    // A certificate that is not trusted says more than no answer without TLS.
    if (why.ok() || IsPassing(why)) why = tried;
  }
  return why;
}

bool Origins::IsRedirectAllowed(const Place& place, const Url& target) const {
  const bool is_itself = target.origin.authority == AuthorityOf(place.image);
  return target.is_secure || IsInsecure(target.origin.authority) ||
         (place.may_be_plain && is_itself) ||
         (IsLoopback(target.host) && IsOnLoopback(place.image.registry()));
}

bool Origins::IsInsecure(absl::string_view authority) const {
  return std::find(insecure_hosts_.begin(), insecure_hosts_.end(), authority) !=
         insecure_hosts_.end();
}

absl::Status Origins::Try(const Origin& origin, const Place& place) {
  return http_
      .SendOnce({.url = absl::StrCat(origin.text(), place.api_path)}, place)
      .status();
}

bool IsAuthority(absl::string_view text) {
  // With a port, so that the grammar does not take it for a path.
  const bool has_port = absl::StrContains(text, ':');
  const auto parsed =
      Reference::Parse(absl::StrCat(text, has_port ? "" : ":1", "/x"));
  return parsed.ok() && absl::StartsWith(parsed->registry(), text);
}

}  // namespace prepull
