// A registry's content as a test writes it, without a network. Not
// thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_REGISTRY_H_
#define PREPULL_TEST_SUPPORT_FAKE_REGISTRY_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

class FakeRegistry : public RegistryClient {
 public:
  // An image of these layers, the lowest first, and of this config.
  void Add(const std::string& image, const std::vector<std::string>& layers,
           const std::string& config = "{}") {
    ResolvedManifest& resolved = images_[image];
    resolved.digest = absl::StrCat("sha256:", image);
    resolved.manifest.config = Blob(config);
    for (const std::string& layer : layers) {
      resolved.manifest.layers.push_back(Blob(layer));
    }
  }

  void LoseLayers(const std::string& image) {
    for (const ManifestBlob& layer : images_[image].manifest.layers) {
      blobs_.erase(layer.digest);
    }
  }

  // By repository, as it is written.
  std::map<std::string, std::vector<std::string>> tags = {};
  // By image or repository: what every question about it gets.
  std::map<std::string, absl::Status> broken = {};

  // Called with the number of each pause; an error ends the waiting.
  std::function<absl::Status(int)> on_pause = [](int) {
    return absl::DeadlineExceededError("no more time");
  };

  absl::Status Pause(int tries) override { return on_pause(tries); }

  absl::StatusOr<std::string> ResolveDigest(const Reference& image) override {
    const auto resolved = FetchManifest(image);
    if (!resolved.ok()) return resolved.status();
    return resolved->digest;
  }

  absl::StatusOr<ResolvedManifest> FetchManifest(
      const Reference& image) override {
    if (broken.contains(image.text())) return broken[image.text()];
    const auto found = images_.find(image.text());
    if (found == images_.end()) return absl::NotFoundError("image not found");
    return found->second;
  }

  absl::Status FetchBlob(const Reference&, const ManifestBlob& blob,
                         ByteSink sink) override {
    const auto found = blobs_.find(blob.digest);
    if (found == blobs_.end()) return absl::NotFoundError("no such blob");
    return sink(found->second);
  }

  absl::StatusOr<std::vector<std::string>> ListTags(
      const Reference& repository) override {
    if (broken.contains(repository.text())) return broken[repository.text()];
    return tags[repository.text()];
  }

 private:
  ManifestBlob Blob(const std::string& bytes) {
    const std::string digest = absl::StrCat("blob ", blobs_.size());
    blobs_[digest] = bytes;
    return {.digest = digest, .size_bytes = static_cast<int64_t>(bytes.size())};
  }

  std::map<std::string, ResolvedManifest> images_ = {};
  std::map<std::string, std::string> blobs_ = {};
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_REGISTRY_H_
