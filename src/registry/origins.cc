#include "src/registry/origins.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace prepull {

Origins::Origins(const std::vector<std::string>& insecure_hosts,
                 PatientClient& http)
    : insecure_hosts_(insecure_hosts), http_(http) {}

Origin Origins::For(const Reference& image) {
  const std::string authority = AuthorityOf(image.registry());
  if (!IsLoopback(authority) && !IsInsecure(authority)) {
    return {"https", authority};
  }
  {
    MutexLock lock(mutex_);
    const auto known = schemes_.find(authority);
    if (known != schemes_.end()) return {known->second, authority};
  }
  for (const char* scheme : {"https", "http"}) {
    Origin origin = {scheme, authority};
    if (!Answers(origin)) continue;
    MutexLock lock(mutex_);
    schemes_[authority] = scheme;
    return origin;
  }
  return {"https", authority};
}

bool Origins::MayLeadTo(const Reference& image, const Origin& target) const {
  return target.scheme == "https" || IsInsecure(target.authority) ||
         (IsLoopback(target.authority) && IsLoopback(image.registry()));
}

bool Origins::IsInsecure(absl::string_view authority) const {
  return std::find(insecure_hosts_.begin(), insecure_hosts_.end(), authority) !=
         insecure_hosts_.end();
}

bool Origins::Answers(const Origin& origin) {
  return http_.SendOnce({.url = absl::StrCat(origin.text(), "/v2/")}).ok();
}

}  // namespace prepull
