// The mirrors that are asked before an image's own registry.
//
// A mirror that could not be reached is skipped from then on, so that its
// timeout is waited for once.
// Threads: safe to share.
#ifndef PREPULL_SRC_REGISTRY_MIRRORS_H_
#define PREPULL_SRC_REGISTRY_MIRRORS_H_

#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "prepull/base/mutex.h"
#include "prepull/image/reference.h"
#include "prepull/list/rewrite.h"

namespace prepull {

class Mirrors {
 public:
  explicit Mirrors(Rewrites rules);

  // Returns `image` at its mirror, if it has one that is not skipped.
  std::optional<Reference> For(const Reference& image);

  // Skips the registry of `mirror` from now on, with one warning.
  void Skip(const Reference& mirror, const absl::Status& why);

 private:
  Mutex mutex_;
  Rewrites rules_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> skipped_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_MIRRORS_H_
