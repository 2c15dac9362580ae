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
#include "test/support/fake_services.h"

namespace prepull {

class FakeContentStore : public FakeServices {
 public:
  struct Layer {
    std::string digest;
    int64_t size_bytes = 0;
  };

  static constexpr int64_t kConfigBytes = 100;

  explicit FakeContentStore(FakeClock& clock) : FakeServices(clock) {}

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
    std::vector<std::string> refers_to = {config};
    std::vector<std::string> rows;
    for (const Layer& layer : layers) {
      refers_to.push_back(layer.digest);
      rows.push_back(absl::StrCat("{\"digest\":\"", layer.digest,
                                  "\",\"size\":", layer.size_bytes, "}"));
    }
    if (whole_.contains(ManifestOf(image))) return;
    AddBlob(image, ManifestOf(image), config, std::move(refers_to));
    SetText(ManifestOf(image),
            absl::StrCat("{\"config\":{\"digest\":\"", config,
                         "\",\"size\":", kConfigBytes, "},\"layers\":[",
                         absl::StrJoin(rows, ","), "]}"));
    if (!whole_.contains(config)) Finish(config, kConfigBytes);
  }

  // What came from the repository of `image`: an index, which has no config, or
  // a manifest of the test's own.
  void AddBlob(const std::string& image, const std::string& digest,
               const std::string& config, std::vector<std::string> refers_to) {
    Finish(digest, 500);
    whole_[digest].config = config;
    whole_[digest].refers_to = std::move(refers_to);
    from_[digest] = SourceOf(*Reference::Parse(image));
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
  std::unique_ptr<RunningCall> List(
      absl::Duration timeout,
      AnswerDone<std::vector<OpenDownload>> done) override {
    std::vector<OpenDownload> listed;
    for (const auto& [digest, offset] : open_) {
      listed.push_back({digest, offset, absl::StrCat("layer-", digest)});
    }
    return Answer<absl::StatusOr<std::vector<OpenDownload>>>(
        lists, timeout, std::move(done), [listed] { return listed; });
  }

  // What is there when the answer is given.
  std::unique_ptr<RunningCall> FindBlobs(
      const Reference& image, absl::Duration timeout,
      AnswerDone<std::vector<StoredBlob>> done) override {
    const std::string source = SourceOf(image);
    searched.push_back(source);
    return Answer<absl::StatusOr<std::vector<StoredBlob>>>(
        searches, timeout, std::move(done), [this, source] {
          std::vector<StoredBlob> found;
          for (const auto& [digest, from] : from_) {
            if (from == source) found.push_back(whole_[digest]);
          }
          return found;
        });
  }

  std::unique_ptr<RunningCall> FindBlob(const std::string& digest,
                                        absl::Duration timeout,
                                        AnswerDone<StoredBlob> done) override {
    return Answer<absl::StatusOr<StoredBlob>>(
        lookups, timeout, std::move(done),
        [this, digest] { return Get(whole_, digest); });
  }

  std::unique_ptr<RunningCall> ReadBlob(const std::string& digest,
                                        absl::Duration timeout,
                                        AnswerDone<std::string> done) override {
    return Answer<absl::StatusOr<std::string>>(
        reads, timeout, std::move(done),
        [this, digest] { return Get(texts_, digest); });
  }

 private:
  void OnDropped(const std::string& ref) override {
    open_.erase(ref.substr(ref.find('-') + 1));
  }

  template <typename What>
  static absl::StatusOr<What> Get(const std::map<std::string, What>& map,
                                  const std::string& digest) {
    const auto found = map.find(digest);
    if (found != map.end()) return found->second;
    return absl::NotFoundError(absl::StrCat("content ", digest, ": not found"));
  }

  // As containerd has it: the registry's host without its port.
  static std::string SourceOf(const Reference& reference) {
    const std::string& registry = reference.registry();
    return absl::StrCat(registry.substr(0, registry.rfind(':')), " ",
                        reference.repository().substr(registry.size() + 1));
  }

  std::map<std::string, int64_t> open_;      // offsets, by digest
  std::map<std::string, StoredBlob> whole_;  // by digest
  std::map<std::string, std::string> from_;  // digest -> "host team/app"
  std::map<std::string, std::string> texts_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_CONTENT_STORE_H_
