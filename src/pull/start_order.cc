#include "src/pull/start_order.h"

#include <memory>
#include <utility>

#include "src/pull/retry_policy.h"

namespace prepull {

StartOrder::StartOrder(const Setup& setup, Run& run)
    : setup_(setup),
      pool_(setup.pool),
      manifests_(
          {.reader = setup.reader,
           .clock = setup.clock,
           .poster = setup.poster,
           .folders = setup.folders},
          [this](const ImageOutcome& image, const ImageManifest* manifest) {
            OnManifest(image, manifest);
          },
          run),
      scope_(setup.poster) {}

void StartOrder::Begin(const std::vector<PullItem*>& items, Instant due) {
  if (!setup_.by_layers) return;
  std::vector<ListManifests::Image> images;
  images.reserve(items.size());
  for (PullItem* item : items) {
    layers_.Add(&item->outcome);
    items_[&item->outcome] = item;
    images.push_back({.outcome = &item->outcome,
                      .reference = &item->reference(),
                      .has_own_secret = !item->request.options.secret.empty()});
  }
  auto committed = std::make_shared<const LayerSet>();
  if (setup_.committed != nullptr) {
    setup_.committed->Follow(scope_.Callback<CommittedLayers::Layers>(
        [this](const CommittedLayers::Layers& layers) {
          OnCommitted(layers);
        }));
    committed = setup_.committed->Now();
  }
  layers_.SetCommitted(committed);
  manifests_.Read(images, due, std::move(committed));
}

void StartOrder::OnCommitted(const CommittedLayers::Layers& committed) {
  manifests_.SetCommitted(committed);
  Free(layers_.SetCommitted(committed));
}

void StartOrder::OnManifest(const ImageOutcome& image,
                            const ImageManifest* manifest) {
  Free(manifest == nullptr ? layers_.SetBlind(&image)
                           : layers_.SetLayers(&image, manifest->layers));
  PullItem& item = *items_.at(&image);
  pool_.Reconsider(&item);
  if (item.attempt.round == nullptr) return;
  // It runs, with less time than its bytes need.
  const absl::Duration download =
      DownloadTime(manifests_.MissingBytes(item.outcome));
  item.attempt.timeout += download;
  item.attempt.ends = item.attempt.ends + download;
}

std::string StartOrder::BlockerOf(PullItem* item) const {
  if (NeedsToBeAlone(*item)) {
    const auto alone = alone_.find(item->repository());
    if (alone != alone_.end() && alone->second != item) {
      return item->repository();
    }
  }
  return setup_.by_layers ? layers_.BlockerOf(&item->outcome) : "";
}

size_t StartOrder::WeightOf(PullItem* item) const {
  return setup_.by_layers ? layers_.SharedLayers(&item->outcome) : 0;
}

void StartOrder::OnStart(PullItem* item) {
  if (NeedsToBeAlone(*item)) {
    alone_.try_emplace(item->repository(), item);
  }
  setup_.folders.OnStarted(&item->outcome);
  if (!setup_.by_layers) return;
  item->missing_bytes = manifests_.MissingBytes(item->outcome);
  layers_.OnStart(&item->outcome);
}

void StartOrder::OnIdentified(const PullItem& item) {
  const auto alone = alone_.find(item.repository());
  if (alone == alone_.end() || alone->second != &item) return;
  alone_.erase(alone);
  pool_.Free(item.repository());
}

void StartOrder::OnEnd(PullItem& item, bool is_pulled) {
  OnIdentified(item);
  if (is_pulled) {
    manifests_.OnPulled(item.outcome);
  } else {
    setup_.folders.OnFailed(&item.outcome);
  }
  if (!setup_.by_layers) return;
  Free(layers_.OnEnd(&item.outcome, is_pulled));
}

void StartOrder::Free(const LayerOrder::Freed& freed) {
  for (const std::string& blocker : freed.for_all) pool_.FreeAll(blocker);
  for (const std::string& blocker : freed.for_one) pool_.Free(blocker);
}

}  // namespace prepull
