#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/pull/schedule.h"

namespace prepull {
namespace {

// What a random run knows and does of one image.
struct Pull {
  enum class Knows { kUnread, kBlind, kLayers };

  std::vector<std::string> layers = {};
  int manifest_comes = 0;  // the turn; negative: never
  bool has_manifest = true;
  int failures = 0;
  Knows knows = Knows::kUnread;
  bool is_running = false;
  bool is_over = false;
  int due = 0;
  int64_t place = 0;  // in the order of the list, retries last
};

// Says from the rules alone what may start.
class Model {
 public:
  explicit Model(std::vector<Pull>& pulls) : pulls_(pulls) {}

  bool Shares(const Pull& a, const Pull& b) const {
    return std::any_of(a.layers.begin(), a.layers.end(), [&](const auto& each) {
      return IsMissing(each) && std::find(b.layers.begin(), b.layers.end(),
                                          each) != b.layers.end();
    });
  }

  bool MayStart(const Pull& pull, int now) const {
    if (pull.is_running || pull.is_over || pull.due > now) return false;
    const size_t running = Count(pulls_, [](const Pull&) { return true; });
    if (running == 0) return true;
    if (pull.knows == Pull::Knows::kUnread) return false;
    if (Count(pulls_, [](const Pull& each) {
          return each.knows == Pull::Knows::kUnread;
        }) > 0) {
      return false;
    }
    const bool is_blind = pull.knows == Pull::Knows::kBlind ||
                          Count(pulls_, [](const Pull& each) {
                            return each.knows == Pull::Knows::kBlind;
                          }) > 0;
    if (is_blind && (!has_tried_blind || running >= 3)) return false;
    return Count(pulls_, [&](const Pull& each) {
             return each.knows == Pull::Knows::kLayers &&
                    pull.knows == Pull::Knows::kLayers && Shares(pull, each);
           }) == 0;
  }

  // How many times a layer that `pull` would fetch is missing for another.
  size_t Unlocks(const Pull& pull) const {
    size_t times = 0;
    if (pull.knows != Pull::Knows::kLayers) return times;
    for (const std::string& layer :
         std::set<std::string>(pull.layers.begin(), pull.layers.end())) {
      if (!IsMissing(layer)) continue;
      times +=
          std::count_if(pulls_.begin(), pulls_.end(), [&](const Pull& other) {
            return &other != &pull && !other.is_over &&
                   other.knows == Pull::Knows::kLayers &&
                   std::find(other.layers.begin(), other.layers.end(), layer) !=
                       other.layers.end();
          });
    }
    return times;
  }

  bool IsMissing(const std::string& layer) const {
    return !whole.contains(layer) && !committed.digests.contains(layer);
  }

  std::set<std::string> whole = {};
  LayerSet committed = {};
  bool has_tried_blind = false;

 private:
  template <typename If>
  static size_t Count(const std::vector<Pull>& pulls, If counts) {
    return std::count_if(pulls.begin(), pulls.end(), [&](const Pull& each) {
      return each.is_running && counts(each);
    });
  }

  std::vector<Pull>& pulls_;
};

class RandomRun {
 public:
  explicit RandomRun(uint32_t seed)
      : random_(seed),
        is_simple_(random_() % 3 == 0),
        commits_(random_() % 2 == 0),
        pulls_(1 + random_() % 12),
        concurrency_(1 + static_cast<int>(random_() % 6)),
        schedule_(pulls_.size(), concurrency_),
        model_(pulls_) {
    const size_t layers = 1 + random_() % 10;
    for (Pull& pull : pulls_) {
      for (size_t i = random_() % 5; i > 0; --i) {
        pull.layers.push_back(absl::StrCat("layer ", random_() % layers));
      }
      if (!is_simple_) {
        pull.manifest_comes =
            random_() % 8 ? static_cast<int>(random_() % 6) : -1;
        pull.has_manifest = random_() % 4 != 0;
        pull.failures = static_cast<int>(random_() % 3);
      }
      pull.place = added_++;
    }
  }

  void Play() {
    schedule_.Begin();
    for (; now_ < 1000 && !schedule_.is_idle(); ++now_) {
      TellManifests();
      StartAll();
      CommitSome();
      StartAll();
      CheckRunning();
      EndOne();
      schedule_.clock().Advance(absl::Seconds(1));
    }
    EXPECT_TRUE(schedule_.is_idle());
  }

 private:
  // Layers of pulls that run, or of others; now and then one is removed.
  void CommitSome() {
    if (!commits_) return;
    for (int i = static_cast<int>(random_() % 3); i > 0; --i) {
      const Pull& pull = pulls_[random_() % pulls_.size()];
      if (pull.layers.empty()) continue;
      const std::string& layer = pull.layers[random_() % pull.layers.size()];
      if (random_() % 4 == 0 && !IsHeld(layer)) {
        model_.committed.digests.erase(layer);
      } else {
        model_.committed.digests.insert(layer);
      }
    }
    schedule_.Commit(model_.committed);
  }

  bool IsHeld(const std::string& layer) const {
    return std::any_of(pulls_.begin(), pulls_.end(), [&](const Pull& pull) {
      return pull.is_running &&
             std::find(pull.layers.begin(), pull.layers.end(), layer) !=
                 pull.layers.end();
    });
  }

  void TellManifests() {
    for (size_t i = 0; i < pulls_.size(); ++i) {
      Pull& pull = pulls_[i];
      if (pull.manifest_comes != now_) continue;
      if (pull.has_manifest) {
        schedule_.Know(i, pull.layers);
      } else {
        schedule_.CannotKnow(i);
      }
      pull.knows =
          pull.has_manifest ? Pull::Knows::kLayers : Pull::Knows::kBlind;
    }
  }

  size_t Running() const {
    return std::count_if(pulls_.begin(), pulls_.end(),
                         [](const Pull& pull) { return pull.is_running; });
  }

  // Whatever may start, does: what unlocks most first, in the order of the
  // list.
  void StartAll() {
    while (static_cast<int>(Running()) < concurrency_) {
      const Pull* best = nullptr;
      for (const Pull* pull : Due()) {
        if (!model_.MayStart(*pull, now_)) continue;
        if (best == nullptr || model_.Unlocks(*pull) > model_.Unlocks(*best)) {
          best = pull;
        }
      }
      const std::optional<size_t> started = schedule_.Start();
      ASSERT_EQ(started.has_value(), best != nullptr);
      if (!started) return;
      ASSERT_TRUE(model_.MayStart(pulls_[*started], now_));
      // What was parked behind one blocker comes in the order of the list.
      if (is_simple_) {
        ASSERT_EQ(&pulls_[*started], best);
      }
      pulls_[*started].is_running = true;
    }
    EXPECT_EQ(schedule_.Start(), std::nullopt);
  }

  // What waits and is due, in the order of the list.
  std::vector<const Pull*> Due() const {
    std::vector<const Pull*> due;
    for (const Pull& pull : pulls_) {
      if (!pull.is_running && !pull.is_over && pull.due <= now_) {
        due.push_back(&pull);
      }
    }
    std::sort(due.begin(), due.end(), [](const Pull* a, const Pull* b) {
      return std::pair(a->due, a->place) < std::pair(b->due, b->place);
    });
    return due;
  }

  void CheckRunning() const {
    for (const Pull& a : pulls_) {
      for (const Pull& b : pulls_) {
        if (&a == &b || !a.is_running || !b.is_running) continue;
        EXPECT_FALSE(a.knows == Pull::Knows::kLayers &&
                     b.knows == Pull::Knows::kLayers && model_.Shares(a, b));
      }
    }
  }

  void EndOne() {
    if (Running() == 0 || random_() % 3 == 0) return;
    size_t i = random_() % pulls_.size();
    while (!pulls_[i].is_running) i = (i + 1) % pulls_.size();
    Pull& pull = pulls_[i];
    pull.is_running = false;
    const bool is_pulled = pull.failures-- <= 0;
    schedule_.End(i, is_pulled);
    model_.has_tried_blind |= pull.knows == Pull::Knows::kBlind;
    if (is_pulled) {
      pull.is_over = true;
      if (pull.knows == Pull::Knows::kLayers) {
        model_.whole.insert(pull.layers.begin(), pull.layers.end());
      }
      return;
    }
    const int delay = static_cast<int>(random_() % 4);
    schedule_.Retry(i, absl::Seconds(delay));
    pull.due = now_ + delay;
    pull.place = added_++;
  }

  std::mt19937 random_;
  const bool is_simple_;  // all manifests come at once, and no pull fails
  const bool commits_;    // layers are committed while pulls run
  int64_t added_ = 0;
  int now_ = 0;
  std::vector<Pull> pulls_;
  int concurrency_;
  Schedule schedule_;
  Model model_;
};

// Random graphs of layers, pulls that fail and are retried, manifests that come
// late or never, layers that are committed: none is fetched twice at once,
// nothing that may start is kept waiting, the order is that of the rules, and
// all ends.
TEST(StartOrderRandomTest, HoldsItsRulesInRandomRuns) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    RandomRun(seed).Play();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace prepull
