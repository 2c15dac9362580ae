// Where registries listen, and what they may be spoken to in: HTTPS, unless a
// host may do without and does.
//
// Threads: safe to share.
#ifndef PREPULL_SRC_REGISTRY_ORIGINS_H_
#define PREPULL_SRC_REGISTRY_ORIGINS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/mutex.h"
#include "prepull/image/reference.h"
#include "src/registry/patient_client.h"
#include "src/registry/registry_url.h"

namespace prepull {

class Origins {
 public:
  // `insecure_hosts`: as of RegistryOptions. Both must outlive this.
  Origins(const std::vector<std::string>& insecure_hosts, PatientClient& http);

  // That of the registry of `image`; it is asked where it may do without TLS.
  // Errors: of that question, if neither way has an answer.
  absl::StatusOr<Origin> For(const Reference& image);

  // Whether the registry of `image` may send us to `target`. Without TLS to
  // our own loopback only if it is there itself: from elsewhere it would have
  // us ask what listens to this node alone.
  bool MayLeadTo(const Reference& image, const Origin& target) const;

 private:
  bool IsInsecure(absl::string_view authority) const;
  absl::Status Try(const Origin& origin);

  const std::vector<std::string>& insecure_hosts_;
  PatientClient& http_;

  Mutex mutex_;
  // authority -> what it speaks, of those that may be plain
  std::map<std::string, std::string> schemes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_ORIGINS_H_
