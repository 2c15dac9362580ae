// An image whose layers a test writes, and what was found in it.
#ifndef PREPULL_TEST_REGISTRY_IMAGE_FILES_FIXTURE_H_
#define PREPULL_TEST_REGISTRY_IMAGE_FILES_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "prepull/registry/image_files.h"

namespace prepull {

class FakeLayers : public ImageLayers {
 public:
  // The lowest first.
  explicit FakeLayers(std::vector<std::string> blobs)
      : blobs_(std::move(blobs)) {}

  int count() const override { return static_cast<int>(blobs_.size()); }

  absl::Status Read(int layer, ByteSink sink) override {
    reads.push_back(layer);
    const std::string& blob = blobs_[static_cast<size_t>(layer)];
    for (size_t at = 0; at < blob.size(); at += 1000) {
      const absl::Status taken = sink(blob.substr(at, 1000));
      if (!taken.ok()) return taken;
    }
    return layer == broken_layer ? broken : absl::OkStatus();
  }

  absl::Status MayGoOn() const override {
    return pieces_left-- > 0 ? absl::OkStatus() : absl::CancelledError("stop");
  }

  mutable int pieces_left = 1'000'000;
  std::vector<int> reads = {};
  int broken_layer = -1;
  absl::Status broken = absl::DataLossError("wrong digest");

 private:
  const std::vector<std::string> blobs_;
};

class Collected : public FileReceiver {
 public:
  absl::Status Open(const std::string& path) override {
    open_ = &files[path];
    open_->clear();
    return absl::OkStatus();
  }
  absl::Status Append(absl::string_view bytes) override {
    open_->append(bytes.data(), bytes.size());
    return refusal;
  }
  absl::Status Close() override { return absl::OkStatus(); }

  std::map<std::string, std::string> files = {};
  absl::Status refusal = absl::OkStatus();

 private:
  std::string* open_ = nullptr;
};

class ImageFilesTest : public ::testing::Test {
 protected:
  absl::Status Read(FakeLayers& layers, const std::string& path) {
    return ReadImageFiles(layers, path, 1 << 20, found_);
  }

  Collected found_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_REGISTRY_IMAGE_FILES_FIXTURE_H_
