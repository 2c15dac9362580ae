// The origins of registries: where each listens, and whether it speaks HTTPS,
// which it must unless its host may do without.
//
// Threads: safe to share.
#ifndef PREPULL_SRC_REGISTRY_ORIGINS_H_
#define PREPULL_SRC_REGISTRY_ORIGINS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/mutex.h"
#include "prepull/http/url.h"
#include "prepull/image/reference.h"
#include "src/registry/place.h"
#include "src/registry/retrying_client.h"

namespace prepull {

class Origins {
 public:
  // `insecure_hosts`: as in RegistryOptions. Both must outlive this.
  Origins(const std::vector<std::string>& insecure_hosts, RetryingClient& http);

  // Returns the origin of the registry of `place`, after a request that tells
  // HTTPS from HTTP where both are allowed. Errors: of that request, if
  // neither is answered.
  absl::StatusOr<Origin> For(const Place& place);

  // Whether the registry of `place` may redirect us to `target`. Plain HTTP to
  // our own loopback is only for a registry that is there itself: any other
  // would have us call services that listen to this node alone.
  bool IsRedirectAllowed(const Place& place, const Url& target) const;

 private:
  bool IsInsecure(absl::string_view authority) const;
  absl::Status Try(const Origin& origin, const Place& place);

  const std::vector<std::string>& insecure_hosts_;
  RetryingClient& http_;

  Mutex mutex_;
  // authority, and whether it may have any certificate -> scheme, of those
  // that may speak HTTP
  std::map<std::pair<std::string, bool>, std::string> schemes_
      ABSL_GUARDED_BY(mutex_);
};

// Whether `text` is "host[:port]" as in image names.
bool IsAuthority(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_ORIGINS_H_
