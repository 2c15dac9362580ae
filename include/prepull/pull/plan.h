// What a run will do with each image, decided before it does anything. Pure.
#ifndef PREPULL_PULL_PLAN_H_
#define PREPULL_PULL_PLAN_H_

#include <string>
#include <vector>

#include "prepull/image/image_request.h"
#include "prepull/pull/inventory.h"

namespace prepull {

struct PlannedPull {
  enum class Action { kPull, kSkip, kFail };
  Action action = Action::kPull;
  std::string why = "";  // "not on the node", "images.txt:3: ..."
};

// One entry for each of `requests`, in their order. `policy` holds for those
// that have none of their own.
std::vector<PlannedPull> MakePlan(const std::vector<ImageRequest>& requests,
                                  const Inventory& inventory,
                                  PullPolicy policy);

}  // namespace prepull

#endif  // PREPULL_PULL_PLAN_H_
