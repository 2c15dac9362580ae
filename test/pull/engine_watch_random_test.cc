// Whole runs over random registries, stores and stops: whatever happens, each
// image ends once, the run ends in time, and the engine does not spin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "test/pull/engine_watch_fixture.h"

namespace prepull {
namespace {

using ::testing::SizeIs;

class EngineWatchRandomTest : public EngineWatchTest,
                              public testing::WithParamInterface<int> {
 protected:
  int Below(int limit) {
    return static_cast<int>(random_() % static_cast<unsigned>(limit));
  }
  double Seconds(int limit) { return Below(limit * 20) / 20.0; }

  Attempt AnyAttempt() {
    switch (Below(8)) {
      case 0:
        return Hangs();
      case 1:
        return Fails(Refused(), Seconds(4));
      case 2:
        return Fails(Reset(), Seconds(20));
      case 3:
        return Fails(RateLimited(), Seconds(2));
      case 4:
        return Fails(absl::AbortedError("gave up"), Seconds(20));
      case 5:
        return Fails(SocketGone(), Seconds(3));
      default:
        return Takes(Seconds(30));
    }
  }

  void ScriptImage(const std::string& image) {
    std::deque<Attempt> attempts;
    const int failures = Below(6);
    for (int i = 0; i < failures; ++i) attempts.push_back(AnyAttempt());
    attempts.push_back(Takes(Seconds(10)));
    runtime_.Script(image, attempts);
    if (Below(10) == 0) return;  // its manifest is never seen
    const double begin = Seconds(60);
    std::vector<Layer> layers;
    for (int i = Below(4); i > 0; --i) {
      layers.push_back({absl::StrCat("sha256:", Below(20)), 8 * kMiB});
      DownloadAt(begin + Seconds(20), layers.back(), (1 + Below(4)) * kMiB / 2,
                 Below(3) ? 8 * kMiB : 3 * kMiB);
    }
    ManifestAt(begin, image, layers);
  }

  void Upset(FakeContentStore::Service& service) {
    for (int i = Below(4); i > 0; --i) {
      const bool hangs = Below(3) == 0;
      const absl::Duration latency = absl::Seconds(Seconds(3));
      const absl::Status error =
          Below(3) ? absl::OkStatus() : absl::InternalError("busy");
      At(Seconds(100), [=, &service] {
        service.hangs = hangs;
        service.latency = latency;
        service.error = error;
      });
    }
  }

  std::mt19937 random_{static_cast<unsigned>(GetParam())};
};

TEST_P(EngineWatchRandomTest, EachImageEndsOnceAndInTime) {
  options_.concurrency = 1 + Below(5);
  options_.registry_concurrency = Below(3);
  options_.node_download_slots = Below(2) * 3;
  options_.retry.max_attempts = Below(2) * (1 + Below(4));
  runtime_.EndCancelledAfter(absl::Seconds(Below(3) * 0.4));
  overall_timeout_ = absl::Seconds(60 + Below(600));
  std::vector<std::string> images;
  for (int i = 0; i < 12; ++i) {
    images.push_back(
        absl::StrCat(Below(2) ? "quay.io/a" : "ghcr.io/b", Below(3), ":", i));
    ScriptImage(images.back());
  }
  Upset(store_.lists);
  Upset(store_.searches);
  Upset(store_.lookups);
  Upset(store_.reads);
  if (Below(3) == 0) StopAfter(absl::Seconds(Seconds(60)));

  Fetch(images);

  EXPECT_THAT(witness_.ends, SizeIs(images.size()));
  EXPECT_EQ(run_.counts().ended(), run_.total());
  EXPECT_EQ(run_.counts().pulled + run_.counts().failed + run_.counts().stopped,
            run_.total());
  EXPECT_LE(Elapsed(), overall_timeout_ + absl::Seconds(1));
  EXPECT_LE(witness_.turns, 100 + 12 * absl::ToInt64Seconds(Elapsed()));
  EXPECT_LE(run_.bytes().done, run_.bytes().total.value_or(run_.bytes().done));
  EXPECT_LE(runtime_.most_at_once(), options_.concurrency);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineWatchRandomTest, testing::Range(0, 200));

}  // namespace
}  // namespace prepull
