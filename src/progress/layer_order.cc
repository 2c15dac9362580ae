#include "prepull/progress/layer_order.h"

#include <algorithm>
#include <utility>

namespace prepull {

void LayerOrder::Add(Image image) { entries_.try_emplace(image); }

const LayerOrder::Entry& LayerOrder::EntryOf(Image image) const {
  return entries_.at(image);
}

bool LayerOrder::IsRunning(Knowledge knowledge) const {
  return std::any_of(running_.begin(), running_.end(), [&](Image image) {
    return EntryOf(image).knowledge == knowledge;
  });
}

LayerOrder::Freed LayerOrder::SetLayers(
    Image image, const std::vector<ManifestBlob>& layers) {
  const auto found = entries_.find(image);
  if (found == entries_.end()) return {};
  Entry& entry = found->second;
  entry.knowledge = Knowledge::kLayers;
  for (const ManifestBlob& layer : layers) entry.layers.push_back(layer.digest);
  std::sort(entry.layers.begin(), entry.layers.end());
  entry.layers.erase(std::unique(entry.layers.begin(), entry.layers.end()),
                     entry.layers.end());
  for (const std::string& digest : entry.layers) ++layers_[digest].images;
  if (!running_.contains(image)) return {};
  Hold(image);
  return {.for_one = {kUnread, kBlind, kKnown}};
}

LayerOrder::Freed LayerOrder::SetBlind(Image image) {
  const auto found = entries_.find(image);
  if (found == entries_.end()) return {};
  found->second.knowledge = Knowledge::kBlind;
  if (!running_.contains(image)) return {};
  return {.for_one = {kBlind, kKnown}};
}

std::string LayerOrder::BlockerOf(Image image) const {
  if (running_.empty()) return "";
  const Knowledge knowledge = EntryOf(image).knowledge;
  if (knowledge == Knowledge::kUnread) return kUnread;
  const char* const kind = knowledge == Knowledge::kBlind ? kBlind : kKnown;
  if (IsRunning(Knowledge::kUnread)) return kind;
  if (knowledge == Knowledge::kBlind || IsRunning(Knowledge::kBlind)) {
    if (!has_tried_blind_ || running_.size() >= kBlindConcurrency) return kind;
  }
  return HeldLayer(image);
}

// Returns a missing layer of `image` that a running pull fetches, or "".
std::string LayerOrder::HeldLayer(Image image) const {
  for (const std::string& digest : EntryOf(image).layers) {
    const Layer& layer = layers_.at(digest);
    if (layer.pulls > 0 && IsMissing(digest, layer)) return digest;
  }
  return "";
}

bool LayerOrder::IsMissing(const std::string& digest,
                           const Layer& layer) const {
  return !layer.is_whole && !committed_->digests.contains(digest);
}

size_t LayerOrder::SharedLayers(Image image) const {
  size_t shared = 0;
  for (const std::string& digest : EntryOf(image).layers) {
    const Layer& layer = layers_.at(digest);
    if (IsMissing(digest, layer)) shared += layer.images - 1;
  }
  return shared;
}

void LayerOrder::OnStart(Image image) {
  running_.insert(image);
  Hold(image);
}

void LayerOrder::Hold(Image image) {
  for (const std::string& digest : EntryOf(image).layers) {
    ++layers_.at(digest).pulls;
  }
}

LayerOrder::Freed LayerOrder::OnEnd(Image image, bool is_pulled) {
  running_.erase(image);
  const Entry& entry = EntryOf(image);
  if (entry.knowledge == Knowledge::kBlind) has_tried_blind_ = true;
  Freed freed = {.for_one = {kUnread, kBlind, kKnown}};
  for (const std::string& digest : entry.layers) {
    Layer& layer = layers_.at(digest);
    layer.is_whole = layer.is_whole || is_pulled;
    --layer.pulls;
    (IsMissing(digest, layer) ? freed.for_one : freed.for_all)
        .push_back(digest);
  }
  if (is_pulled) Remove(image);
  return freed;
}

LayerOrder::Freed LayerOrder::SetCommitted(CommittedLayers::Layers committed) {
  Freed freed;
  for (const auto& [digest, layer] : layers_) {
    if (layer.pulls > 0 && IsMissing(digest, layer) &&
        committed->digests.contains(digest)) {
      freed.for_all.push_back(digest);
    }
  }
  committed_ = std::move(committed);
  return freed;
}

void LayerOrder::Remove(Image image) {
  const auto entry = entries_.extract(image);
  if (entry.empty()) return;
  for (const std::string& digest : entry.mapped().layers) {
    --layers_.at(digest).images;
  }
}

}  // namespace prepull
