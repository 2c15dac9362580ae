#include "src/pull/node_check.h"

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

bool IsGone(const std::string& name, const Inventory& node) {
  const absl::StatusOr<Reference> reference = Reference::Parse(name);
  return !reference.ok() || node.Find(*reference) == nullptr;
}

}  // namespace

// A short name may have been completed by the runtime's own registries, so
// there its word counts too.
const StoredImage* NodeCheck::Find(const Inventory& node,
                                   const PullItem& item) {
  if (!item.request.reference.ok()) return nullptr;
  const Reference& reference = item.reference();
  const StoredImage* stored = node.Find(reference);
  const std::string& image_ref = item.outcome.image_ref;
  if (stored != nullptr || image_ref.empty()) return stored;
  const bool is_short =
      !absl::StartsWith(reference.text(), reference.registry());
  return is_short ? node.FindByImageRef(image_ref) : nullptr;
}

void NodeCheck::UpdateSizes(const Inventory& node) {
  for (const PullItem& item : items_) {
    const StoredImage* stored = Find(node, item);
    if (stored == nullptr) continue;
    ImageOutcome& image = item.outcome;
    image.size_bytes = stored->size_bytes;
    image.pinned = stored->pinned;
    if (image.image_ref.empty()) image.image_ref = stored->id;
  }
}

void NodeCheck::Compare(const Inventory& node) {
  for (PullItem& item : items_) {
    CompareOne(item, Find(node, item) != nullptr);
  }
  const std::set<std::string> not_usable = run_.not_usable();
  for (const std::string& name : not_usable) {
    if (IsGone(name, node)) run_.ClearNotUsable(name);
  }
}

void NodeCheck::CompareOne(PullItem& item, bool is_on_node) {
  ImageOutcome& image = item.outcome;
  const bool was_present =
      image.state == ImageState::kPulled || image.state == ImageState::kSkipped;
  if (was_present && !is_on_node) {
    image.reason = Reason::kUnknown;
    image.message =
        "was on the node, but is gone at the end of the run: another client "
        "removed it";
    image.size_bytes.reset();
    run_.Move(image, ImageState::kFailed);
    observer_.OnEnded(run_, image);
  } else if (!was_present && is_on_node && CanBeRescued(item)) {
    image.message =
        absl::StrCat("present, pulled by another client; our attempt failed: ",
                     image.message);
    image.reason = Reason::kNone;
    run_.Move(image, ImageState::kSkipped);
    observer_.OnEnded(run_, image);
  }
}

// Being listed rescues an image only if its pull failed before it could have
// unpacked anything: a failed unpack can leave an image listed that no pod
// can use (containerd 1.6.20).
bool NodeCheck::CanBeRescued(const PullItem& item) const {
  const Reason reason = item.outcome.reason;
  if (!item.request.reference.ok()) return false;
  const PullPolicy policy =
      item.request.options.policy.value_or(options_.policy);
  // An image that was to be replaced and is still there is the old one.
  const bool is_old = options_.repull_present ||
                      run_.not_usable().contains(item.reference().Normalised());
  return policy != PullPolicy::kAlways && !is_old &&
         (reason == Reason::kRegistryUnavailable ||
          reason == Reason::kRateLimited || reason == Reason::kUnauthorized ||
          reason == Reason::kNotFound);
}

}  // namespace prepull
