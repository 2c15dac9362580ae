// The list of a node's layers as CRI-O keeps it, in a file of its own that is
// replaced as a whole with each change. Empty at first.
//
// Not thread-safe.
// Source: https://github.com/containers/storage, layers.go
#ifndef PREPULL_TEST_SUPPORT_CRIO_LAYER_FILE_H_
#define PREPULL_TEST_SUPPORT_CRIO_LAYER_FILE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace prepull {

class LayerFile {
 public:
  // Makes the folders of the store in `graph_root`.
  explicit LayerFile(std::string graph_root);

  // `layers`: bytes by digest, those that are committed; `unpacking`: others.
  void Write(const std::map<std::string, int64_t>& layers,
             const std::set<std::string>& unpacking);

  // Where the images are listed; CRI tells it.
  std::string image_folder() const { return graph_root_ + "/overlay-images"; }

 private:
  std::string path() const { return graph_root_ + "/overlay-layers"; }

  const std::string graph_root_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_LAYER_FILE_H_
