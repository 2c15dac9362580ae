// Any bytes are a list of layers, whose digests are such, or refused.
#include <cstdint>

#include "prepull/image/digest.h"
#include "src/runtime/store_layers.h"
#include "test/support/require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const absl::StatusOr<prepull::LayerSet> layers =
      prepull::ParseStoreLayers(text);
  if (!layers.ok()) return 0;
  for (const std::string& digest : layers->digests) {
    prepull::Require(prepull::CheckDigest(digest).ok(), "a digest is one");
  }
  return 0;
}
