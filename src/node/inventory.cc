#include "prepull/node/inventory.h"

#include <utility>

namespace prepull {

Inventory::Inventory(std::vector<StoredImage> images)
    : images_(std::move(images)) {
  by_name_.reserve(2 * images_.size());
  for (size_t i = 0; i < images_.size(); ++i) {
    by_image_ref_.emplace(images_[i].id, i);
    for (const std::string& tag : images_[i].repo_tags) {
      // Runtimes list unnamed images as "<none>:<none>", which is not a name.
      const absl::StatusOr<Reference> name = Reference::Parse(tag);
      if (name.ok()) by_name_.emplace(name->Normalised(), i);
    }
    for (const std::string& digest : images_[i].repo_digests) {
      const absl::StatusOr<Reference> name = Reference::Parse(digest);
      if (name.ok()) by_name_.emplace(name->Normalised(), i);
      by_image_ref_.emplace(digest, i);
    }
  }
}

const StoredImage* Inventory::Find(const Reference& reference) const {
  const auto found = by_name_.find(reference.Normalised());
  return found == by_name_.end() ? nullptr : &images_[found->second];
}

const StoredImage* Inventory::FindByImageRef(
    absl::string_view image_ref) const {
  const auto found = by_image_ref_.find(image_ref);
  return found == by_image_ref_.end() ? nullptr : &images_[found->second];
}

int64_t Inventory::TotalBytes() const {
  int64_t bytes = 0;
  for (const StoredImage& image : images_) bytes += image.size_bytes;
  return bytes;
}

}  // namespace prepull
