// Decides which of the pulls that are due may run beside each other.
//
// Of a repository only one pull runs whose downloads cannot be told from those
// of others. Where the runtime shares no download between pulls, their layers
// decide, too.
//
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_START_ORDER_H_
#define PREPULL_SRC_PULL_START_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/image/manifest.h"
#include "prepull/progress/layer_order.h"
#include "prepull/progress/list_manifests.h"
#include "prepull/registry/manifest_reader.h"
#include "prepull/run/run.h"
#include "prepull/runtime/committed_layers.h"
#include "src/pull/pool.h"
#include "src/pull/pull_item.h"

namespace prepull {

class StartOrder : public StartRule {
 public:
  // All that is handed over by reference outlives the order; `pool` may be made
  // after it.
  struct Setup {
    bool by_layers = false;
    // Whether downloads of the item could be taken for those of another pull
    // from its repository.
    std::function<bool(const PullItem& item)> needs_to_be_alone;
    ManifestReader* reader = nullptr;      // null: no manifest is read
    CommittedLayers* committed = nullptr;  // null: not to be seen
    FolderWatch& folders;
    const Clock& clock;
    TaskRunner::Poster poster;
    Pool& pool;
  };

  StartOrder(const Setup& setup, Run& run);

  // Takes all items that the run will pull from `due` on, in the order of the
  // list.
  void Begin(const std::vector<PullItem*>& items, Instant due);

  // As of ListManifests.
  void Turn(Instant now) { manifests_.Turn(now); }
  Instant ready_at() const { return manifests_.ready_at(); }
  std::optional<int64_t> NeededBytes() const {
    return manifests_.NeededBytes();
  }

  // As of ListManifests.
  void UpdateUnderWay(std::optional<int64_t> received_bytes) {
    manifests_.UpdateUnderWay(received_bytes);
  }

  // Other pulls from the item's repository can be told from this one.
  void OnIdentified(const PullItem& item);

  // The pull of `item` ended, and its slot is free.
  void OnEnd(PullItem& item, bool is_pulled);

  // The image will not be pulled again.
  void Remove(const PullItem& item) { layers_.Remove(&item.outcome); }

  std::string BlockerOf(PullItem* item) const override;
  size_t WeightOf(PullItem* item) const override;
  void OnStart(PullItem* item) override;

 private:
  void OnManifest(const ImageOutcome& image, const ImageManifest* manifest);
  void OnCommitted(const CommittedLayers::Layers& committed);
  void Free(const LayerOrder::Freed& freed);

  bool NeedsToBeAlone(const PullItem& item) const {
    return setup_.needs_to_be_alone(item);
  }

  const Setup setup_;
  Pool& pool_;
  std::unordered_map<std::string, const PullItem*> alone_;  // by repository

  // These stand still where the layers do not decide.
  LayerOrder layers_;
  ListManifests manifests_;
  std::unordered_map<const ImageOutcome*, PullItem*> items_;
  const TaskScope scope_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_START_ORDER_H_
