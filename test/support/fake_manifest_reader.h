// Answers for manifests when the test says so.
#ifndef PREPULL_TEST_SUPPORT_FAKE_MANIFEST_READER_H_
#define PREPULL_TEST_SUPPORT_FAKE_MANIFEST_READER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "prepull/registry/manifest_reader.h"

namespace prepull {

class FakeManifestReader : public ManifestReader {
 public:
  void Read(std::vector<Reference> images, Done done) override {
    images_ = std::move(images);
    done_ = std::move(done);
    for (size_t i = 0; i < images_.size(); ++i) {
      const auto known = at_once.find(images_[i].text());
      if (known != at_once.end()) done_(i, known->second);
    }
  }

  // The answer for `image`, which has been asked for.
  void Answer(const std::string& image,
              const absl::StatusOr<ImageManifest>& manifest) {
    for (size_t i = 0; i < images_.size(); ++i) {
      if (images_[i].text() == image) done_(i, manifest);
    }
  }

  const std::vector<Reference>& images() const { return images_; }

  // By image: what is answered before Read returns.
  std::map<std::string, absl::StatusOr<ImageManifest>> at_once = {};

 private:
  std::vector<Reference> images_ = {};
  Done done_ = nullptr;
};

// A manifest of these layers, each of `layer_bytes`.
inline ImageManifest ManifestOf(const std::vector<std::string>& layers,
                                int64_t layer_bytes = 1) {
  ImageManifest manifest = {.config = {.digest = "config", .size_bytes = 0}};
  for (const std::string& layer : layers) {
    manifest.layers.push_back({.digest = layer, .size_bytes = layer_bytes});
  }
  return manifest;
}

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_MANIFEST_READER_H_
