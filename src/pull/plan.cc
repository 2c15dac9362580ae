#include "prepull/pull/plan.h"

#include <set>

namespace prepull {
namespace {

using Action = PlannedPull::Action;

PlannedPull PlanOne(const ImageRequest& request, const StoredImage* stored,
                    const PullOptions& options,
                    const std::set<std::string>& not_usable) {
  if (!request.reference.ok()) {
    return {Action::kFail, std::string(request.reference.status().message())};
  }
  if (stored != nullptr &&
      not_usable.contains(request.reference->Normalised())) {
    return {Action::kReplace, "an earlier run left it unusable"};
  }
  if (stored != nullptr && options.repull_present) {
    return {Action::kReplace, "on the node, to be pulled again"};
  }
  if (request.options.policy.value_or(options.policy) == PullPolicy::kAlways) {
    return {Action::kPull, "pull policy is Always"};
  }
  if (stored != nullptr) return {Action::kSkip, "on the node"};
  return {Action::kPull, "not on the node"};
}

}  // namespace

std::vector<PlannedPull> MakePlan(const std::vector<ImageRequest>& requests,
                                  const Inventory& inventory,
                                  const PullOptions& options,
                                  const std::set<std::string>& not_usable) {
  std::vector<PlannedPull> plan;
  std::vector<const StoredImage*> stored;
  std::set<const StoredImage*> removed;
  for (const ImageRequest& request : requests) {
    stored.push_back(request.reference.ok() ? inventory.Find(*request.reference)
                                            : nullptr);
    plan.push_back(PlanOne(request, stored.back(), options, not_usable));
    if (plan.back().action == Action::kReplace) removed.insert(stored.back());
  }
  for (size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].action == Action::kReplace || !removed.contains(stored[i])) {
      continue;
    }
    plan[i] = {Action::kReplace, "another name of an image to be replaced"};
  }
  return plan;
}

}  // namespace prepull
