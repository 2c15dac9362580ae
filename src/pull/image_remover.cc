#include "src/pull/image_remover.h"

#include <utility>

namespace prepull {

void ImageRemover::Remove(const std::string& id, Then then) {
  Removal& removal = removals_[id];
  if (removal.is_done) {
    then(absl::OkStatus());
    return;
  }
  removal.waiting.push_back(std::move(then));
  if (removal.call != nullptr) return;
  removal.call = runtime_.RemoveImage(
      id, scope_.Callback<absl::Status>([this, id](const absl::Status& status) {
        OnRemoved(id, status);
      }));
}

void ImageRemover::OnRemoved(const std::string& id,
                             const absl::Status& status) {
  Removal& removal = removals_[id];
  removal.call.reset();
  removal.is_done = status.ok();
  for (const Then& then : std::exchange(removal.waiting, {})) then(status);
}

void ImageRemover::CancelAll() {
  for (const auto& [id, removal] : removals_) {
    if (removal.call != nullptr) removal.call->Cancel();
  }
}

}  // namespace prepull
