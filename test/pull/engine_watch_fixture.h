// A run of the engine against a runtime that shows its downloads.
#ifndef PREPULL_TEST_PULL_ENGINE_WATCH_FIXTURE_H_
#define PREPULL_TEST_PULL_ENGINE_WATCH_FIXTURE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "test/progress/window_times.h"
#include "test/pull/engine_fixture.h"
#include "test/support/fake_content_store.h"

namespace prepull {

// What a manifest that AddManifest makes names besides its layers.
inline constexpr int64_t kConfigBytes = FakeContentStore::kConfigBytes;

// A connection that broke in mid-layer.
inline absl::Status Reset() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to copy: read "
      "tcp 10.0.0.2:4711->10.0.0.1:443: read: connection reset by peer");
}

class EngineWatchTest : public EngineTest {
 protected:
  using Layer = FakeContentStore::Layer;
  using Attempt = FakeRuntime::Attempt;

  EngineWatchTest() {
    before_.given.id = "run1";
    before_.given.started_at = clock_.WallNow();
    runtime_.UseServices(store_);
  }

  // An attempt that ends when it is cut.
  static Attempt Hangs() { return {.takes = absl::InfiniteDuration()}; }
  static Attempt Fails(absl::Status error, double seconds) {
    return {std::move(error), absl::Seconds(seconds)};
  }
  static Attempt Takes(double seconds) {
    return {absl::OkStatus(), absl::Seconds(seconds)};
  }

  // So long after the start of the run.
  void At(double seconds, std::function<void()> event) {
    clock_.After(absl::Seconds(seconds), std::move(event));
  }
  void ManifestAt(double seconds, const std::string& image,
                  const std::vector<Layer>& layers) {
    At(seconds, [=, this] { store_.AddManifest(image, layers); });
  }
  // From then on, `bytes_per_second` up to `until_bytes`.
  void DownloadAt(double seconds, const Layer& layer, int64_t bytes_per_second,
                  int64_t until_bytes) {
    At(seconds,
       [=, this] { store_.Download(layer, bytes_per_second, until_bytes); });
  }
  void DownloadAt(double seconds, const Layer& layer,
                  int64_t bytes_per_second) {
    DownloadAt(seconds, layer, bytes_per_second, layer.size_bytes);
  }

  // The seconds since the start of the run at which the attempts began.
  std::vector<double> StartsOf(const std::string& image) {
    std::vector<double> starts;
    for (const absl::Duration start : AttemptsAt(image)) {
      starts.push_back(absl::ToDoubleSeconds(start));
    }
    return starts;
  }

  // The same of calls to the content store.
  std::vector<double> Asked(const FakeContentStore::Service& service) const {
    std::vector<double> asked;
    for (const Instant at : service.asked) {
      asked.push_back(absl::ToDoubleSeconds(at - run_.start()));
    }
    return asked;
  }

  FakeContentStore store_{clock_};
};

}  // namespace prepull

#endif  // PREPULL_TEST_PULL_ENGINE_WATCH_FIXTURE_H_
