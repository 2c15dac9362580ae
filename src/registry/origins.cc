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

absl::StatusOr<Origin> Origins::For(const Reference& image) {
  const std::string authority = AuthorityOf(image);
  if (!IsOnLoopback(authority) && !IsInsecure(authority)) {
    return Origin{"https", authority};
  }
  {
    MutexLock lock(mutex_);
    const auto known = schemes_.find(authority);
    if (known != schemes_.end()) return Origin{known->second, authority};
  }
  absl::Status why;
  for (const char* scheme : {"https", "http"}) {
    const Origin origin = {scheme, authority};
    const absl::Status tried = Try(origin);
    if (tried.ok()) {
      MutexLock lock(mutex_);
      schemes_[authority] = scheme;
      return origin;
    }
    // A certificate that is not trusted says more than no answer without TLS.
    if (why.ok() || IsPassing(why)) why = tried;
  }
  return why;
}

bool Origins::IsRedirectAllowed(const Reference& image,
                                const Url& target) const {
  return target.is_secure || IsInsecure(target.origin.authority) ||
         (IsLoopback(target.host) && IsOnLoopback(image.registry()));
}

bool Origins::IsInsecure(absl::string_view authority) const {
  return std::find(insecure_hosts_.begin(), insecure_hosts_.end(), authority) !=
         insecure_hosts_.end();
}

absl::Status Origins::Try(const Origin& origin) {
  return http_.SendOnce({.url = absl::StrCat(origin.text(), "/v2/")}).status();
}

bool IsAuthority(absl::string_view text) {
  // With a port, so that the grammar does not take it for a path.
  const bool has_port = absl::StrContains(text, ':');
  const auto parsed =
      Reference::Parse(absl::StrCat(text, has_port ? "" : ":1", "/x"));
  return parsed.ok() && absl::StartsWith(parsed->registry(), text);
}

}  // namespace prepull
