// Any bytes are the images of a release, or refused in a sentence that can be
// shown.
#include <cstdint>

#include "prepull/base/text.h"
#include "src/source/release_source.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void Try(absl::string_view text) {
  const auto images = ParseReleaseImages(text);
  if (images.ok()) {
    for (const ReleaseImage& image : *images) {
      Require(!image.pull_spec.empty(), "an image has a pull spec");
    }
    return;
  }
  const std::string message(images.status().message());
  Require(Printable(message, 8192) == message, "the message can be shown");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
