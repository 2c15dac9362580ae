// Tracks what the upper layers hide of the lower ones: whiteouts, opaque
// directories and replaced files. Pure.
#ifndef PREPULL_SRC_REGISTRY_LAYER_OVERLAY_H_
#define PREPULL_SRC_REGISTRY_LAYER_OVERLAY_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "src/registry/layer_archive.h"

namespace prepull {

// Whether `path` is `folder` or below it; everything is below "".
bool IsAtOrBelow(absl::string_view path, absl::string_view folder);

// Whether `path` is a marker: a whiteout, or that of an opaque folder.
bool IsWhiteout(absl::string_view path);

// Returns the parent folder: "a/b" of "a/b/c", "" of "a".
absl::string_view FolderOf(absl::string_view path);

class LayerOverlay {
 public:
  // Whether a layer above the current one removed or replaced `path`.
  bool Hides(absl::string_view path) const;
  // The same for an entry: a folder above hides anything but a folder.
  bool Hides(const LayerEntry& entry) const;

  // Adds an entry of the current layer; it hides entries of the next ones.
  void Add(const LayerEntry& entry);

  // Moves down to the next layer.
  void NextLayer();

 private:
  struct Names {
    absl::flat_hash_set<std::string> replaced = {};  // or removed
    absl::flat_hash_set<std::string> opaque = {};
    absl::flat_hash_set<std::string> folders = {};
  };

  Names above_;
  Names current_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_LAYER_OVERLAY_H_
