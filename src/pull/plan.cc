#include "prepull/pull/plan.h"

namespace prepull {
namespace {

using Action = PlannedPull::Action;

PlannedPull PlanOne(const ImageRequest& request, const Inventory& inventory,
                    PullPolicy policy) {
  if (!request.reference.ok()) {
    return {Action::kFail, std::string(request.reference.status().message())};
  }
  if (request.options.policy.value_or(policy) == PullPolicy::kAlways) {
    return {Action::kPull, "pull policy is Always"};
  }
  if (inventory.Find(*request.reference) != nullptr) {
    return {Action::kSkip, "on the node"};
  }
  return {Action::kPull, "not on the node"};
}

}  // namespace

std::vector<PlannedPull> MakePlan(const std::vector<ImageRequest>& requests,
                                  const Inventory& inventory,
                                  PullPolicy policy) {
  std::vector<PlannedPull> plan;
  plan.reserve(requests.size());
  for (const ImageRequest& request : requests) {
    plan.push_back(PlanOne(request, inventory, policy));
  }
  return plan;
}

}  // namespace prepull
