// A node's layers, committed and removed when the test says so.
#ifndef PREPULL_TEST_SUPPORT_FAKE_COMMITTED_LAYERS_H_
#define PREPULL_TEST_SUPPORT_FAKE_COMMITTED_LAYERS_H_

#include <functional>
#include <memory>
#include <utility>

#include "prepull/runtime/committed_layers.h"

namespace prepull {

class FakeCommittedLayers : public CommittedLayers {
 public:
  Layers Now() override { return now_; }
  void Follow(std::function<void(Layers)> changed) override {
    changed_ = std::move(changed);
  }

  void Set(LayerSet layers) {
    now_ = std::make_shared<const LayerSet>(std::move(layers));
    if (changed_ != nullptr) changed_(now_);
  }

 private:
  Layers now_ = std::make_shared<const LayerSet>();
  std::function<void(Layers)> changed_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_COMMITTED_LAYERS_H_
