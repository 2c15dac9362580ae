// Any bytes are a layer whose files can be had, or refused; no path leads out,
// and nothing is handed out beyond the limit.
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "prepull/base/text.h"
#include "prepull/registry/image_files.h"
#include "test/support/require.h"

namespace prepull {
namespace {

constexpr int64_t kLimitBytes = 1 << 20;

class OneLayerTwice : public ImageLayers {
 public:
  explicit OneLayerTwice(absl::string_view bytes) : bytes_(bytes) {}

  int count() const override { return 2; }
  absl::Status Read(int, ByteSink sink) override { return sink(bytes_); }

 private:
  const absl::string_view bytes_;
};

class Judge : public FileReceiver {
 public:
  absl::Status Open(const std::string& path) override {
    Require(!absl::StartsWith(path, "/") && path.size() <= 4096,
            "a path is a short one below the root");
    for (absl::string_view step : absl::StrSplit(path, '/')) {
      Require(step != "..", "no path leads out");
    }
    bytes_ = 0;
    return absl::OkStatus();
  }
  absl::Status Append(absl::string_view bytes) override {
    bytes_ += static_cast<int64_t>(bytes.size());
    Require(bytes_ <= kLimitBytes, "no file is larger than allowed");
    return absl::OkStatus();
  }
  absl::Status Close() override { return absl::OkStatus(); }

 private:
  int64_t bytes_ = 0;
};

void Try(absl::string_view text) {
  OneLayerTwice layers(text);
  Judge judge;
  for (const char* path : {"", "d"}) {
    const absl::Status status =
        ReadImageFiles(layers, path, kLimitBytes, judge);
    const std::string message(status.message());
    Require(Printable(message, 8192) == message, "the message can be shown");
  }
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
