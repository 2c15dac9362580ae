// Holds a run against what the node holds, at its start and at its end.
//
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_NODE_CHECK_H_
#define PREPULL_SRC_PULL_NODE_CHECK_H_

#include <vector>

#include "prepull/node/inventory.h"
#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"
#include "prepull/run/run_observer.h"
#include "src/pull/pull_item.h"

namespace prepull {

class NodeCheck {
 public:
  NodeCheck(std::vector<PullItem>& items, const PullOptions& options,
            RunObserver& observer, Run& run)
      : items_(items), options_(options), observer_(observer), run_(run) {}

  // Returns the item's image on the node; null if it is not there.
  static const StoredImage* Find(const Inventory& node, const PullItem& item);

  // Enters what the runtime knows of the images that are there.
  void UpdateSizes(const Inventory& node);

  // Corrects the states by what the node holds: an image that is gone has
  // failed, an image that another client pulled is present. The run remembers
  // those listed images that its failed pulls left half unpacked.
  void Compare(const Inventory& node);

 private:
  void CompareOne(PullItem& item, bool is_on_node);
  bool CanBeRescued(const PullItem& item) const;

  std::vector<PullItem>& items_;
  const PullOptions& options_;
  RunObserver& observer_;
  Run& run_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_NODE_CHECK_H_
