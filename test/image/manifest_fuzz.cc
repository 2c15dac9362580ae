// Any bytes are a manifest or an index within its limits, or refused in a
// sentence that can be shown; any config has labels or is refused.
#include <cstdint>
#include <variant>

#include "prepull/base/text.h"
#include "prepull/image/manifest.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void RequireShown(const absl::Status& status) {
  const std::string message(status.message());
  Require(!message.empty() && Printable(message, 8192) == message,
          "the message can be shown");
}

void RequireBlob(const ManifestBlob& blob) {
  Require(!blob.digest.empty(), "a blob has a digest");
  Require(blob.size_bytes >= 0, "a blob has a size");
}

void Try(absl::string_view text) {
  if (const auto labels = ParseImageLabels(text); !labels.ok()) {
    RequireShown(labels.status());
  }
  const auto parsed = ParseManifest(text);
  if (!parsed.ok()) return RequireShown(parsed.status());
  if (const auto* manifest = std::get_if<ImageManifest>(&*parsed)) {
    Require(manifest->layers.size() <= 10000, "not too many layers");
    for (const ManifestBlob& blob : manifest->layers) RequireBlob(blob);
    return RequireBlob(manifest->config);
  }
  const auto& index = std::get<ImageIndex>(*parsed);
  for (const auto& entry : index.entries) RequireBlob(entry.manifest);
  const auto chosen = ChoosePlatform(index, OwnPlatform());
  if (!chosen.ok()) RequireShown(chosen.status());
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
