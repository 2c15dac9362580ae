// The documents of a catalogue are the same however its bytes are cut, and
// nothing of them is too large; a refusal can be shown. The first byte says
// where they are cut.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/text.h"
#include "src/catalog/catalog_stream.h"
#include "test/support/require.h"

namespace prepull {
namespace {

// What comes out of `text` in pieces of `step` bytes.
std::string Read(absl::string_view text, size_t step) {
  std::string read;
  const auto stream = MakeCatalogStream(
      [&](const CatalogDocument& document) {
        Require(!document.schema.empty(), "a document has a schema");
        absl::StrAppend(&read, document.schema, " ", document.package, " ",
                        document.name, " ", document.image, " ",
                        absl::StrJoin(document.related_images, ","), " ",
                        document.entries.size(), "\n");
        return absl::OkStatus();
      },
      [](absl::string_view package) { return package != "unwanted"; });
  absl::Status status = absl::OkStatus();
  while (status.ok() && !text.empty()) {
    status = stream->Append(text.substr(0, step));
    text.remove_prefix(std::min(step, text.size()));
  }
  if (status.ok()) status = stream->Finish();
  const std::string message(status.message());
  Require(Printable(message, 8192) == message, "the message can be shown");
  return absl::StrCat(read, status.ok() ? "" : "refused");
}

void Try(absl::string_view text) {
  if (text.empty()) return;
  const size_t step = 1 + static_cast<unsigned char>(text[0]);
  text.remove_prefix(1);
  Require(Read(text, step) == Read(text, text.size() + 1),
          "it does not matter how the bytes come");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
