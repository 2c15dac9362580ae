// Decides where an image is asked for: at the mirror of --registry-mirror, at
// those of the node's own configuration, at its own registry.
//
// A place that could not be reached is skipped from then on, so that its
// timeout is waited for once.
// Threads: safe to share.
#ifndef PREPULL_SRC_REGISTRY_PLACES_H_
#define PREPULL_SRC_REGISTRY_PLACES_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/mutex.h"
#include "prepull/image/reference.h"
#include "prepull/list/rewrite.h"
#include "src/registry/node_registries.h"
#include "src/registry/place.h"

namespace prepull {

class Places {
 public:
  // `mirrors`: as in RegistryOptions. `node`: null if there is none.
  Places(Rewrites mirrors, std::shared_ptr<const NodeRegistries> node);

  // Returns the places to ask for `image`, in order, at least one. Errors: as
  // NodeRegistries::PlacesOf.
  absl::StatusOr<std::vector<Place>> For(const Reference& image);

  // Returns `error`, of all places, with what else may be the reason.
  absl::Status Explained(const absl::Status& error,
                         const Reference& image) const;

  // Skips the registry of `place` from now on where it is not the last, with
  // one warning.
  void Skip(const Place& place, const absl::Status& why);

 private:
  std::optional<Reference> MirrorOf(const Reference& image);

  const std::shared_ptr<const NodeRegistries> node_;

  Mutex mutex_;
  Rewrites mirrors_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> skipped_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_PLACES_H_
