#include "src/registry/origins.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/passing_error.h"

namespace prepull {

Origins::Origins(const std::vector<std::string>& insecure_hosts,
                 PatientClient& http)
    : insecure_hosts_(insecure_hosts), http_(http) {}

absl::StatusOr<Origin> Origins::For(const Reference& image) {
  const std::string authority = AuthorityOf(image.registry());
  if (!IsLoopback(authority) && !IsInsecure(authority)) {
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

bool Origins::MayLeadTo(const Reference& image, const Origin& target) const {
  return target.scheme == "https" || IsInsecure(target.authority) ||
         (IsLoopback(target.authority) && IsLoopback(image.registry()));
}

bool Origins::IsInsecure(absl::string_view authority) const {
  return std::find(insecure_hosts_.begin(), insecure_hosts_.end(), authority) !=
         insecure_hosts_.end();
}

absl::Status Origins::Try(const Origin& origin) {
  return http_.SendOnce({.url = absl::StrCat(origin.text(), "/v2/")}).status();
}

}  // namespace prepull
