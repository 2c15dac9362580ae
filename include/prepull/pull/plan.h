// What a run will do with each image, decided before it does anything. Pure.
#ifndef PREPULL_PULL_PLAN_H_
#define PREPULL_PULL_PLAN_H_

#include <set>
#include <string>
#include <vector>

#include "prepull/list/image_request.h"
#include "prepull/node/inventory.h"
#include "prepull/run/pull_options.h"

namespace prepull {

struct PlannedPull {
  // kReplace: it is on the node, but is removed and pulled anew.
  enum class Action { kPull, kSkip, kReplace, kFail };
  Action action = Action::kPull;
  std::string why = "";  // "not on the node", "images.txt:3: ..."
};

// One entry for each of `requests`, in their order. Of `options` it looks at
// the policy, which holds for requests that have none of their own, and at
// repull_present. `not_usable`: normalised names of what an earlier run left
// behind. To remove an image removes it under all its names: those on the list
// are replaced together.
std::vector<PlannedPull> MakePlan(const std::vector<ImageRequest>& requests,
                                  const Inventory& inventory,
                                  const PullOptions& options,
                                  const std::set<std::string>& not_usable);

}  // namespace prepull

#endif  // PREPULL_PULL_PLAN_H_
