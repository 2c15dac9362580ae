// What is on the node: layers that were committed, and images of them.
//
// Only names are kept: what a layer holds is forgotten once it is committed.
// Threads: safe to share.
#ifndef PREPULL_TEST_SUPPORT_CRIO_NODE_IMAGES_H_
#define PREPULL_TEST_SUPPORT_CRIO_NODE_IMAGES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cri/image_service.pb.h"
#include "prepull/base/mutex.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "test/support/crio/layer_file.h"

namespace prepull {

// An image that a pull has brought.
struct PulledImage {
  std::string id;                    // the digest of its config, in hex
  std::vector<std::string> digests;  // of its manifest, and of an index
  std::string config;                // JSON
  std::vector<ManifestBlob> layers;
};

class NodeImages {
 public:
  // What is on it is also listed in a file below `graph_root`.
  explicit NodeImages(const std::string& graph_root)
      : layer_file_(graph_root) {}

  bool HasLayer(const std::string& digest) const;

  // A layer is being unpacked; then it is added, or it is not.
  void BeginLayer(const ManifestBlob& layer);
  void AddLayer(const ManifestBlob& layer);
  void DropLayer(const ManifestBlob& layer);

  // Adds `image` under the name it was pulled by, or the name to it.
  void Add(const Reference& name, const PulledImage& image);

  // Removes a name, or by its id an image, and layers that no other image has.
  void Remove(const std::string& id_or_name);

  std::vector<::runtime::v1::Image> List() const;

  // Sets the image, and with `verbose` what it was built for; neither if there
  // is no such image.
  void GetStatus(const ::runtime::v1::ImageStatusRequest& request,
                 ::runtime::v1::ImageStatusResponse& response) const;

  int64_t bytes() const;  // of all layers

  // As of LayerFile.
  std::string image_folder() const;

 private:
  struct Image {
    ::runtime::v1::Image shown;
    PulledImage pulled;
  };

  // Returns its id, or "".
  std::string Find(const std::string& id_or_name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveUnusedLayers(const PulledImage& removed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  LayerFile layer_file_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> layers_ ABSL_GUARDED_BY(mutex_);  // bytes
  std::set<std::string> unpacking_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Image> images_ ABSL_GUARDED_BY(mutex_);  // by id
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_NODE_IMAGES_H_
