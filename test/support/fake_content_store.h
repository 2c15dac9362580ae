// containerd's content store, played by a test on a FakeClock: what it holds
// whole, what is under way, and how well it answers.
//
// It shows what the test puts there, and moves nothing by itself but what
// Download was told to. Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_CONTENT_STORE_H_
#define PREPULL_TEST_SUPPORT_FAKE_CONTENT_STORE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/image/reference.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_extension.h"

namespace prepull {

class FakeContentStore : public FakeExtension {
 public:
  struct Layer {
    std::string digest;
    int64_t size_bytes = 0;
  };

  // One of the calls: when it was made, and how it is answered.
  struct Service {
    std::vector<Instant> asked = {};
    absl::Status error = {};
    absl::Duration latency = absl::ZeroDuration();
    bool hangs = false;  // no answer but to Cancel
  };

  static constexpr int64_t kConfigBytes = 100;

  explicit FakeContentStore(FakeClock& clock) : clock_(clock) {}

  Service lists;     // ListDownloads
  Service searches;  // FindBlobs
  Service lookups;   // FindBlob
  Service reads;     // ReadBlob
  // What was searched for: "host team/app".
  std::vector<std::string> searched;

  static std::string ManifestOf(const std::string& image) {
    return absl::StrCat("sha256:manifest-of-", image);
  }
  // As FakeRuntime names it.
  static std::string ConfigOf(const std::string& image) {
    return absl::StrCat("sha256:id-of-", image);
  }

  // A pull of `image` has fetched its manifest and its config, or has found
  // them there.
  void AddManifest(const std::string& image, const std::vector<Layer>& layers) {
    const std::string config = ConfigOf(image);
    Labels labels = {{"containerd.io/gc.ref.content.config", config}};
    std::vector<std::string> rows;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Layer& layer = layers[i];
      labels[absl::StrCat("containerd.io/gc.ref.content.l.", i)] = layer.digest;
      rows.push_back(absl::StrCat("{\"digest\":\"", layer.digest,
                                  "\",\"size\":", layer.size_bytes, "}"));
    }
    if (whole_.contains(ManifestOf(image))) return;
    AddBlob(image, ManifestOf(image), std::move(labels));
    SetText(ManifestOf(image),
            absl::StrCat("{\"config\":{\"digest\":\"", config,
                         "\",\"size\":", kConfigBytes, "},\"layers\":[",
                         absl::StrJoin(rows, ","), "]}"));
    if (!whole_.contains(config)) Finish(config, kConfigBytes);
  }

  // What came from the repository of `image`: an index, or a blob with labels
  // of the test's own.
  void AddBlob(const std::string& image, const std::string& digest,
               Labels labels) {
    Finish(digest, 500);
    whole_[digest].labels = std::move(labels);
    from_[digest] = SourceOf(image);
  }

  // What ReadBlob answers.
  void SetText(const std::string& digest, const std::string& text) {
    texts_[digest] = text;
  }
  void RemoveText(const std::string& digest) { texts_.erase(digest); }

  void Open(const std::string& digest, int64_t offset_bytes) {
    open_[digest] = offset_bytes;
  }
  void Move(const std::string& digest, int64_t bytes) {
    open_[digest] += bytes;
  }
  void Finish(const std::string& digest, int64_t size_bytes) {
    open_.erase(digest);
    whole_[digest] = {.digest = digest,
                      .size_bytes = size_bytes,
                      .created_at = clock_.WallNow()};
  }
  void Abandon(const std::string& digest) { open_.erase(digest); }
  void Remove(const std::string& digest) {
    whole_.erase(digest);
    from_.erase(digest);
  }

  // Opens `layer`, moves it once a second up to `until_bytes`, and finishes it
  // if that is all.
  void Download(const Layer& layer, int64_t bytes_per_second,
                int64_t until_bytes) {
    open_.try_emplace(layer.digest, 0);
    clock_.After(absl::Seconds(1), [=, this] {
      int64_t& offset = open_[layer.digest];
      offset = std::min(offset + bytes_per_second, until_bytes);
      if (offset == layer.size_bytes) return Finish(layer.digest, offset);
      if (offset < until_bytes) Download(layer, bytes_per_second, until_bytes);
    });
  }
  void Download(const Layer& layer, int64_t bytes_per_second) {
    Download(layer, bytes_per_second, layer.size_bytes);
  }

  // What is under way at the time of the question, however late the answer.
  std::unique_ptr<RunningCall> ListDownloads(
      Done<std::vector<OpenDownload>> done) override {
    std::vector<OpenDownload> listed;
    for (const auto& [digest, offset] : open_) {
      listed.push_back({digest, offset});
    }
    return Answer<std::vector<OpenDownload>>(lists, std::move(done),
                                             [listed] { return listed; });
  }

  // What is there when the answer is given.
  std::unique_ptr<RunningCall> FindBlobs(
      const std::string& host, const std::string& repository,
      Done<std::vector<StoredBlob>> done) override {
    const std::string source = absl::StrCat(host, " ", repository);
    searched.push_back(source);
    return Answer<std::vector<StoredBlob>>(
        searches, std::move(done), [this, source] {
          std::vector<StoredBlob> found;
          for (const auto& [digest, from] : from_) {
            if (from == source) found.push_back(whole_[digest]);
          }
          return found;
        });
  }

  std::unique_ptr<RunningCall> FindBlob(const std::string& digest,
                                        Done<StoredBlob> done) override {
    return Answer<StoredBlob>(lookups, std::move(done),
                              [this, digest] { return Get(whole_, digest); });
  }

  std::unique_ptr<RunningCall> ReadBlob(const std::string& digest,
                                        Done<std::string> done) override {
    return Answer<std::string>(reads, std::move(done),
                               [this, digest] { return Get(texts_, digest); });
  }

 private:
  template <typename What>
  class Call : public RunningCall {
   public:
    Call(FakeClock& clock, std::shared_ptr<Done<What>> done)
        : clock_(clock), done_(std::move(done)) {}
    // As in gRPC the last word comes from another thread, a little later.
    void Cancel() override {
      clock_.After(absl::Milliseconds(1), [done = done_] {
        if (*done) std::exchange(*done, nullptr)(absl::CancelledError());
      });
    }

   private:
    FakeClock& clock_;
    std::shared_ptr<Done<What>> done_;
  };

  template <typename What>
  std::unique_ptr<RunningCall> Answer(
      Service& service, Done<What> done,
      std::function<absl::StatusOr<What>()> answer) {
    service.asked.push_back(clock_.Now());
    auto shared = std::make_shared<Done<What>>(std::move(done));
    if (!service.hangs) {
      clock_.After(service.latency,
                   [shared, answer = std::move(answer), error = service.error] {
                     if (*shared == nullptr) return;
                     const auto done_now = std::exchange(*shared, nullptr);
                     error.ok() ? done_now(answer()) : done_now(error);
                   });
    }
    return std::make_unique<Call<What>>(clock_, shared);
  }

  template <typename What>
  static absl::StatusOr<What> Get(const std::map<std::string, What>& map,
                                  const std::string& digest) {
    const auto found = map.find(digest);
    if (found != map.end()) return found->second;
    return absl::NotFoundError(absl::StrCat("content ", digest, ": not found"));
  }

  // The labels name the registry's host without its port.
  static std::string SourceOf(const std::string& image) {
    const Reference reference = *Reference::Parse(image);
    const std::string& registry = reference.registry();
    return absl::StrCat(registry.substr(0, registry.rfind(':')), " ",
                        reference.repository().substr(registry.size() + 1));
  }

  FakeClock& clock_;
  std::map<std::string, int64_t> open_;      // offsets, by digest
  std::map<std::string, StoredBlob> whole_;  // by digest
  std::map<std::string, std::string> from_;  // digest -> "host team/app"
  std::map<std::string, std::string> texts_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_CONTENT_STORE_H_
