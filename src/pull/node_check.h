// Holds a run against what the node holds, at its start and at its end.
//
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_NODE_CHECK_H_
#define PREPULL_SRC_PULL_NODE_CHECK_H_

#include <vector>

#include "prepull/list/image_request.h"
#include "prepull/node/inventory.h"
#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"
#include "prepull/run/run_observer.h"

namespace prepull {

class NodeCheck {
 public:
  NodeCheck(const std::vector<ImageRequest>& requests,
            const PullOptions& options, RunObserver& observer, Run& run)
      : requests_(requests),
        options_(options),
        observer_(observer),
        run_(run) {}

  // The image behind request `i` on the node; null if it is not there.
  const StoredImage* Find(const Inventory& node, size_t i) const;

  // Enters what the runtime knows of the images that are there.
  void TakeSizes(const Inventory& node);

  // Corrects what we believe by what is there: an image that is gone has
  // failed, one that others brought is present, and of what our failed pulls
  // left half unpacked the run remembers what is listed.
  void Compare(const Inventory& node);

 private:
  void CompareOne(size_t i, bool is_on_node);
  bool CanBeRescued(size_t i) const;

  const std::vector<ImageRequest>& requests_;
  const PullOptions& options_;
  RunObserver& observer_;
  Run& run_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_NODE_CHECK_H_
