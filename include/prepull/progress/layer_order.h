// Which pulls may run beside each other where the runtime shares no download
// between them: never two that would both fetch a layer.
//
// An image's layers are known once its manifest has been read. As long as that
// may still happen the image is pulled alone. If it cannot be read the image is
// blind: the first blind one is pulled alone, since it may bring what the
// others share, and from then on it is one of three at most. What a pull that
// succeeded needed is on the node from then on; and so is a layer that the node
// has committed, also while the pull that brought it still runs.
//
// Images are entries of the run's own list; they outlive the order.
// Pure. Not thread-safe.
#ifndef PREPULL_PROGRESS_LAYER_ORDER_H_
#define PREPULL_PROGRESS_LAYER_ORDER_H_

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "prepull/image/manifest.h"
#include "prepull/run/run.h"
#include "prepull/runtime/committed_layers.h"

namespace prepull {

class LayerOrder {
 public:
  using Image = const ImageOutcome*;

  // At most so many pulls run beside each other while one of them is blind.
  static constexpr size_t kBlindConcurrency = 3;

  // The blockers that are no layer: which kind of image waits.
  static constexpr char kUnread[] = "unread";
  static constexpr char kBlind[] = "blind";
  static constexpr char kKnown[] = "known";

  // Blockers that may be gone.
  struct Freed {
    // The next of their images tells of the others.
    std::vector<std::string> for_one = {};
    // These are gone.
    std::vector<std::string> for_all = {};
  };

  // `image` is pulled by the run; its manifest may be read. The same after a
  // failed attempt does nothing.
  void Add(Image image);

  // Its manifest was read, or cannot be: one of these once, also while it is
  // pulled. Does nothing after its end.
  Freed SetLayers(Image image, const std::vector<ManifestBlob>& layers);
  Freed SetBlind(Image image);

  // Returns what keeps `image` from starting now: a layer's digest or one of
  // the blockers above; empty if it may start.
  std::string BlockerOf(Image image) const;

  // Returns how many times a layer that `image` would fetch is missing for
  // another image that waits.
  size_t SharedLayers(Image image) const;

  void OnStart(Image image);
  Freed OnEnd(Image image, bool is_pulled);

  // What the node has committed now, in place of what was said before.
  Freed SetCommitted(CommittedLayers::Layers committed);

  // `image` will not be pulled again.
  void Remove(Image image);

 private:
  struct Layer {
    size_t images = 0;  // that need it and are not pulled
    size_t pulls = 0;   // that run and need it
    bool is_whole = false;
  };

  enum class Knowledge { kUnread, kBlind, kLayers };

  struct Entry {
    Knowledge knowledge = Knowledge::kUnread;
    std::vector<std::string> layers = {};
  };

  const Entry& EntryOf(Image image) const;
  bool IsRunning(Knowledge knowledge) const;
  std::string HeldLayer(Image image) const;
  bool IsMissing(const std::string& digest, const Layer& layer) const;
  void Hold(Image image);

  absl::flat_hash_map<Image, Entry> entries_;
  absl::flat_hash_map<std::string, Layer> layers_;  // by digest
  CommittedLayers::Layers committed_ = std::make_shared<const LayerSet>();
  std::set<Image> running_;
  bool has_tried_blind_ = false;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_LAYER_ORDER_H_
