// Pulls of a list in the order of their layers: the pool and its rule, without
// a runtime.
#ifndef PREPULL_TEST_PULL_SCHEDULE_H_
#define PREPULL_TEST_PULL_SCHEDULE_H_

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/pull/start_order.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_committed_layers.h"
#include "test/support/fake_manifest_reader.h"

namespace prepull {

class Schedule {
 public:
  Schedule(size_t images, int concurrency, bool reads_manifests = true,
           const std::string& registry = "quay.io")
      : pool_({.pulls = concurrency}, order_),
        order_({.by_layers = true,
                .needs_to_be_alone = [](const PullItem&) { return false; },
                .reader = reads_manifests ? &reader_ : nullptr,
                .committed = &committed_,
                .folders = folders_,
                .clock = clock_,
                .poster = tasks_.poster(),
                .pool = pool_},
               run_) {
    std::vector<ImageOutcome> outcomes;
    for (size_t i = 0; i < images; ++i) {
      const std::string name = absl::StrCat(registry, "/a/", i, ":1");
      requests_.push_back({name, "", Reference::Parse(name)});
      outcomes.push_back({.image = name});
    }
    run_.EnterList(std::move(outcomes));
    for (size_t i = 0; i < images; ++i) {
      items_.emplace_back(requests_[i], run_.images()[i]);
    }
  }

  void Begin() {
    std::vector<PullItem*> items;
    for (PullItem& item : items_) {
      items.push_back(&item);
      pool_.Add(&item, item.registry(), clock_.Now());
    }
    order_.Begin(items, clock_.Now());
    order_.Turn(clock_.Now());
    tasks_.RunPending();
  }
  void Know(size_t image, const std::vector<std::string>& layers) {
    reader_.Answer(requests_[image].image, ManifestOf(layers, 10));
    tasks_.RunPending();
  }
  void CannotKnow(size_t image) {
    reader_.Answer(requests_[image].image, absl::UnavailableError("down"));
    tasks_.RunPending();
  }
  // What the node's store has committed now.
  void Commit(LayerSet layers) {
    committed_.Set(std::move(layers));
    tasks_.RunPending();
  }
  std::optional<size_t> Start() {
    const PullItem* item = pool_.StartNext(clock_.Now());
    if (item == nullptr) return std::nullopt;
    return item - &items_[0];
  }
  std::vector<size_t> StartAll() {
    std::vector<size_t> started;
    while (const std::optional<size_t> image = Start()) {
      started.push_back(*image);
    }
    return started;
  }
  void End(size_t image, bool is_pulled) {
    pool_.Release(items_[image].registry(), /*is_downloading=*/true);
    if (is_pulled) run_.Move(items_[image].outcome, ImageState::kPulled);
    order_.OnEnd(items_[image], is_pulled);
    if (is_pulled) order_.Remove(items_[image]);
  }
  void Retry(size_t image, absl::Duration delay) {
    pool_.Add(&items_[image], items_[image].registry(), clock_.Now() + delay);
  }

  ImageRequest& request(size_t image) { return requests_[image]; }
  FakeClock& clock() { return clock_; }
  const Run& run() const { return run_; }
  StartOrder& order() { return order_; }
  const FakeManifestReader& reader() const { return reader_; }
  bool is_idle() const { return pool_.is_idle(); }

 private:
  FakeClock clock_;
  FakeManifestReader reader_;
  FakeCommittedLayers committed_;
  FolderWatch folders_{nullptr};
  Run run_;
  TaskRunner tasks_;
  Pool pool_;
  StartOrder order_;
  std::deque<ImageRequest> requests_;
  std::vector<PullItem> items_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_PULL_SCHEDULE_H_
