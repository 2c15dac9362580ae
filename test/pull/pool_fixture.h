// A pool whose items are told apart by their numbers.
#ifndef PREPULL_TEST_PULL_POOL_FIXTURE_H_
#define PREPULL_TEST_PULL_POOL_FIXTURE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/pull/pool.h"
#include "src/pull/pull_item.h"

namespace prepull {

inline Instant At(int seconds) {
  return Instant(absl::Hours(1) + absl::Seconds(seconds));
}

// Some pulls want to be alone in a repository until they let others in.
class AloneInRepository : public StartRule {
 public:
  std::string BlockerOf(Item item) const override {
    const auto holder = holders_.find(Find(item));
    return holder == holders_.end() || holder->second == item ? ""
                                                              : holder->first;
  }
  size_t WeightOf(Item item) const override {
    const auto weight = weights.find(item);
    return weight == weights.end() ? 0 : weight->second;
  }
  void OnStart(Item item) override {
    if (!Find(item).empty()) holders_.try_emplace(Find(item), item);
  }
  bool LetOthersIn(Item item, const std::string& repository) {
    const auto holder = holders_.find(repository);
    if (holder == holders_.end() || holder->second != item) return false;
    holders_.erase(holder);
    return true;
  }

  std::map<Item, std::string> repositories = {};
  std::map<Item, size_t> weights = {};

 private:
  std::string Find(Item item) const {
    const auto found = repositories.find(item);
    return found == repositories.end() ? "" : found->second;
  }

  std::map<std::string, Item> holders_;
};

class NumberedPool {
 public:
  NumberedPool(int concurrency, int registry_concurrency, int downloads = 0)
      : pool_({.pulls = concurrency,
               .pulls_of_registry = registry_concurrency,
               .downloads = downloads},
              rule_) {
    for (int i = 0; i < kItems; ++i) items_.emplace_back(request_, outcome_);
  }

  void Add(size_t number, const std::string& registry,
           const std::string& alone_in, Instant due, size_t weight = 0) {
    rule_.repositories[&items_[number]] = alone_in;
    rule_.weights[&items_[number]] = weight;
    pool_.Add(&items_[number], registry, due);
  }
  std::optional<size_t> Take(Instant now) {
    const PullItem* item = pool_.StartNext(now);
    if (item == nullptr) return std::nullopt;
    return NumberOf(item);
  }
  void LetOthersIn(size_t number, const std::string& repository) {
    if (rule_.LetOthersIn(&items_[number], repository)) pool_.Free(repository);
  }
  void LetAllIn(size_t number, const std::string& repository) {
    if (rule_.LetOthersIn(&items_[number], repository)) {
      pool_.FreeAll(repository);
    }
  }
  void NeedsNotBeAlone(size_t number) {
    rule_.repositories.erase(&items_[number]);
    pool_.Reconsider(&items_[number]);
  }
  void Lend(int slots) { pool_.Lend(slots); }
  void ReleaseDownload() { pool_.ReleaseDownload(); }
  void Release(const std::string& registry, bool is_downloading = true) {
    pool_.Release(registry, is_downloading);
  }
  Instant NextChange(Instant now) const { return pool_.NextChange(now); }
  std::vector<size_t> TakeShutOut(Instant when) {
    std::vector<size_t> numbers;
    for (const PullItem* item : pool_.RemoveShutOut(when)) {
      numbers.push_back(NumberOf(item));
    }
    return numbers;
  }
  RegistryGate& gate(const std::string& registry) {
    return pool_.gate(registry);
  }
  int running() const { return pool_.running(); }
  bool is_idle() const { return pool_.is_idle(); }

 private:
  static constexpr int kItems = 20;

  size_t NumberOf(const PullItem* item) const { return item - items_.data(); }

  AloneInRepository rule_;
  Pool pool_;
  ImageRequest request_ = {"", "", Reference::Parse("quay.io/a:1")};
  ImageOutcome outcome_;
  std::vector<PullItem> items_;
};

inline std::vector<size_t> TakeAll(NumberedPool& pool, Instant now) {
  std::vector<size_t> taken;
  while (const std::optional<size_t> image = pool.Take(now)) {
    taken.push_back(*image);
  }
  return taken;
}

}  // namespace prepull

#endif  // PREPULL_TEST_PULL_POOL_FIXTURE_H_
