#include "src/pull/start_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_manifest_reader.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

// Pulls of a list in the order of their layers: the pool and its rule, without
// a runtime.
class Schedule {
 public:
  Schedule(size_t images, int concurrency, bool reads_manifests = true,
           const std::string& registry = "quay.io")
      : pool_({.pulls = concurrency}, order_),
        order_({.by_layers = true,
                .needs_to_be_alone = [](const PullItem&) { return false; },
                .reader = reads_manifests ? &reader_ : nullptr,
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
    order_.Begin(items);
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
    order_.OnEnd(items_[image], is_pulled);
    if (is_pulled) order_.Remove(items_[image]);
  }
  void Retry(size_t image, absl::Duration delay) {
    pool_.Add(&items_[image], items_[image].registry(), clock_.Now() + delay);
  }

  FakeClock& clock() { return clock_; }
  const Run& run() const { return run_; }
  StartOrder& order() { return order_; }
  const FakeManifestReader& reader() const { return reader_; }
  bool is_idle() const { return pool_.is_idle(); }

 private:
  FakeClock clock_;
  FakeManifestReader reader_;
  Run run_;
  TaskRunner tasks_;
  Pool pool_;
  StartOrder order_;
  std::deque<ImageRequest> requests_;
  std::vector<PullItem> items_;
};

TEST(StartOrderTest, NeverFetchesALayerTwice) {
  Schedule schedule(4, 10);
  schedule.Begin();
  schedule.Know(0, {"base", "a"});
  schedule.Know(1, {"base", "b"});
  schedule.Know(2, {"other"});
  schedule.Know(3, {"base", "c"});

  EXPECT_THAT(schedule.StartAll(), ElementsAre(0, 2));
  schedule.End(2, true);
  EXPECT_THAT(schedule.StartAll(), IsEmpty());
  schedule.End(0, true);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(1, 3));
}

TEST(StartOrderTest, FetchesALayerAnewThatAFailedPullHasLost) {
  Schedule schedule(3, 10);
  schedule.Begin();
  for (size_t i = 0; i < 3; ++i) schedule.Know(i, {"base"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));

  schedule.End(0, false);

  EXPECT_THAT(schedule.StartAll(), ElementsAre(1));
  schedule.End(1, true);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(2));
}

TEST(StartOrderTest, PullsOneAloneWhoseManifestIsStillRead) {
  Schedule schedule(3, 10);
  schedule.Begin();
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));

  schedule.Know(1, {"b"});
  EXPECT_THAT(schedule.StartAll(), IsEmpty());

  schedule.Know(0, {"a"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(1));
  schedule.Know(2, {"c"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(2));
}

TEST(StartOrderTest, PullsOneBlindAloneAndThenThree) {
  Schedule schedule(6, 10, /*reads_manifests=*/false);
  schedule.Begin();

  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
  schedule.End(0, false);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(1));
  schedule.End(1, true);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(2, 3, 4));
  schedule.End(3, false);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(5));
}

TEST(StartOrderTest, StartsFirstWhatUnlocksMost) {
  Schedule schedule(5, 2);
  schedule.Begin();
  schedule.Know(0, {"w"});
  schedule.Know(1, {"x"});
  schedule.Know(2, {"y", "x"});
  schedule.Know(3, {"y"});
  schedule.Know(4, {"z"});

  EXPECT_THAT(schedule.StartAll(), ElementsAre(2, 0));
}

TEST(StartOrderTest, DoesNotAskDockerHub) {
  Schedule schedule(2, 10, true, "docker.io");

  schedule.Begin();

  EXPECT_THAT(schedule.reader().images(), IsEmpty());
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
}

TEST(StartOrderTest, CountsTheBytesOfSharedLayersOnce) {
  Schedule schedule(2, 10);
  schedule.Begin();
  schedule.Know(0, {"base", "a"});
  EXPECT_EQ(schedule.order().BytesToPull(), std::nullopt);
  EXPECT_EQ(schedule.run().bytes().total, std::nullopt);
  EXPECT_THAT(schedule.run().images()[0].bytes_total, Optional(20));

  schedule.Know(1, {"base", "b", "b"});

  EXPECT_THAT(schedule.order().BytesToPull(), Optional(30));
  EXPECT_THAT(schedule.run().bytes().total, Optional(30));
  EXPECT_THAT(schedule.run().images()[1].bytes_total, Optional(20));
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
  schedule.End(0, true);
  EXPECT_EQ(schedule.run().bytes().done, 20);
  EXPECT_THAT(schedule.order().BytesToPull(), Optional(10));
}

TEST(StartOrderTest, WaitsAMomentForTheManifests) {
  Schedule schedule(2, 10);
  const Instant begun = schedule.clock().Now();
  schedule.Begin();
  EXPECT_EQ(schedule.order().ready_at(), begun + absl::Seconds(1));

  schedule.Know(0, {});
  schedule.CannotKnow(1);

  EXPECT_LE(schedule.order().ready_at(), begun);
}

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
      return !whole.contains(each) &&
             std::find(b.layers.begin(), b.layers.end(), each) !=
                 b.layers.end();
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
    if (is_blind && (!has_pulled_blind || running >= 3)) return false;
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
      if (whole.contains(layer)) continue;
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

  std::set<std::string> whole = {};
  bool has_pulled_blind = false;

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
        pulls_(1 + random_() % 12),
        concurrency_(1 + static_cast<int>(random_() % 6)),
        schedule_(pulls_.size(), concurrency_),
        model_(pulls_) {
    const size_t layers = 1 + random_() % 10;
    for (Pull& pull : pulls_) {
      for (size_t i = random_() % 5; i > 0; --i) {
        pull.layers.push_back(absl::StrCat("layer ", random_() % layers));
      }
      pull.manifest_comes =
          random_() % 8 ? static_cast<int>(random_() % 6) : -1;
      pull.has_manifest = random_() % 4 != 0;
      pull.failures = static_cast<int>(random_() % 3);
      pull.place = added_++;
    }
  }

  void Play() {
    schedule_.Begin();
    for (; now_ < 1000 && !schedule_.is_idle(); ++now_) {
      TellManifests();
      StartAll();
      CheckRunning();
      EndOne();
      schedule_.clock().Advance(absl::Seconds(1));
    }
    EXPECT_TRUE(schedule_.is_idle());
  }

 private:
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
      ASSERT_EQ(&pulls_[*started], best);
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
    if (is_pulled) {
      pull.is_over = true;
      model_.has_pulled_blind |= pull.knows == Pull::Knows::kBlind;
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
  int64_t added_ = 0;
  int now_ = 0;
  std::vector<Pull> pulls_;
  int concurrency_;
  Schedule schedule_;
  Model model_;
};

// Random graphs of layers, pulls that fail and are retried, manifests that come
// late or never: no layer is fetched twice at once, nothing that may start is
// kept waiting, the order is that of the rules, and all ends.
TEST(StartOrderTest, HoldsItsRulesInRandomRuns) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    RandomRun(seed).Play();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace prepull
