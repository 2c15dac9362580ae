// What the layers above hide of the layers below, as far as it concerns one
// path of the image. Pure.
#ifndef PREPULL_SRC_REGISTRY_LAYER_OVERLAY_H_
#define PREPULL_SRC_REGISTRY_LAYER_OVERLAY_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "src/registry/layer_archive.h"

namespace prepull {

// `path` is `folder` or lies below it; everything lies below "".
bool IsAtOrBelow(absl::string_view path, absl::string_view folder);

// An entry that only says what is gone: a whiteout, or an opaque folder.
bool IsWhiteout(absl::string_view path);

// "a/b" of "a/b/c"; "" of "a".
absl::string_view FolderOf(absl::string_view path);

class LayerOverlay {
 public:
  // Whether a layer above the current one has removed or replaced `path`.
  bool Hides(absl::string_view path) const;
  // The same of an entry: a folder above hides what is none.
  bool Hides(const LayerEntry& entry) const;

  // Notes an entry of the current layer; it counts from the next layer on.
  void Note(const LayerEntry& entry);

  // Goes down to the next layer.
  void NextLayer();

 private:
  struct Names {
    absl::flat_hash_set<std::string> replaced = {};  // no folder any more
    absl::flat_hash_set<std::string> opaque = {};
    absl::flat_hash_set<std::string> folders = {};
  };

  Names above_;
  Names current_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_LAYER_OVERLAY_H_
