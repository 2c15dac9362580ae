#include "src/pull/node_check.h"

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
const StoredImage* NodeCheck::Find(const Inventory& node, size_t i) const {
  const absl::StatusOr<Reference>& reference = requests_[i].reference;
  if (!reference.ok()) return nullptr;
  const StoredImage* stored = node.Find(*reference);
  if (stored != nullptr || run_.images[i].image_ref.empty()) return stored;
  const bool is_short =
      !absl::StartsWith(reference->text(), reference->registry());
  return is_short ? node.FindByImageRef(run_.images[i].image_ref) : nullptr;
}

void NodeCheck::TakeSizes(const Inventory& node) {
  for (size_t i = 0; i < run_.images.size(); ++i) {
    ImageOutcome& image = run_.images[i];
    const StoredImage* stored = Find(node, i);
    if (stored == nullptr) continue;
    image.size_bytes = stored->size_bytes;
    image.pinned = stored->pinned;
    if (image.image_ref.empty()) image.image_ref = stored->id;
  }
}

void NodeCheck::Compare(const Inventory& node) {
  for (size_t i = 0; i < run_.images.size(); ++i) {
    CompareOne(i, Find(node, i) != nullptr);
  }
  std::erase_if(run_.not_usable,
                [&](const std::string& name) { return IsGone(name, node); });
}

void NodeCheck::CompareOne(size_t i, bool is_on_node) {
  ImageOutcome& image = run_.images[i];
  const bool was_present =
      image.state == ImageState::kPulled || image.state == ImageState::kSkipped;
  if (was_present && !is_on_node) {
    image.reason = Reason::kUnknown;
    image.message =
        "was on the node, but is gone at the end of the run: somebody removed "
        "it";
    image.size_bytes.reset();
    run_.Move(image, ImageState::kFailed);
    observer_.OnEnded(run_, image);
  } else if (!was_present && is_on_node && CanBeRescued(i)) {
    image.message =
        absl::StrCat("came to the node by other hands; ours: ", image.message);
    image.reason = Reason::kNone;
    run_.Move(image, ImageState::kSkipped);
    observer_.OnEnded(run_, image);
  }
}

// Being listed rescues an image only if its pull failed before it could have
// unpacked anything: a failed unpack can leave an image listed that no pod
// can use (containerd 1.6.20).
bool NodeCheck::CanBeRescued(size_t i) const {
  const Reason reason = run_.images[i].reason;
  if (!requests_[i].reference.ok()) return false;
  const PullPolicy policy =
      requests_[i].options.policy.value_or(options_.policy);
  // What was to be replaced and is still there is the old one.
  const bool is_old =
      options_.repull_present ||
      run_.not_usable.contains(requests_[i].reference->Normalised());
  return policy != PullPolicy::kAlways && !is_old &&
         (reason == Reason::kRegistryUnavailable ||
          reason == Reason::kRateLimited || reason == Reason::kUnauthorized ||
          reason == Reason::kNotFound);
}

}  // namespace prepull
