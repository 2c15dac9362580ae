// What the node holds, asked by name.
//
// A request is present if its normalised name is among the tags or digests of
// a stored image. The same digest under another repository is not the same
// name: a pod that asks for it would go to the registry. Pure value.
#ifndef PREPULL_NODE_INVENTORY_H_
#define PREPULL_NODE_INVENTORY_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "prepull/image/reference.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

class Inventory {
 public:
  explicit Inventory(std::vector<StoredImage> images);

  // The stored image of this name; null if the node has none.
  const StoredImage* Find(const Reference& reference) const;

  // The stored image with the runtime's own name `image_ref`, which is its id
  // or one of its digests; null if the node has none.
  const StoredImage* FindByImageRef(absl::string_view image_ref) const;

  // Returns what all images take up on disk, at most: a layer that several of
  // them have counts for each.
  int64_t TotalBytes() const;

 private:
  std::vector<StoredImage> images_;
  absl::flat_hash_map<std::string, size_t> by_name_;
  absl::flat_hash_map<std::string, size_t> by_image_ref_;
};

}  // namespace prepull

#endif  // PREPULL_NODE_INVENTORY_H_
