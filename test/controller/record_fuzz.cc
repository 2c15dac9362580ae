// A record from any bytes: refused, or one that can be kept and comes back.
#include <cstdint>
#include <string>

#include "prepull/base/text.h"
#include "src/controller/node_record.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void Try(absl::string_view text) {
  NodeRecord taken = {.list_hash = "0ed9e5f3c7f62b06"};
  TakeMachineLine(text, taken);
  Require(taken.line.size() <= kMaxMachineLineBytes, "a line is bounded");

  const absl::StatusOr<NodeRecord> read = ParseRecord(text);
  if (!read.ok()) {
    Require(!read.status().message().empty(), "an error says why");
    return;
  }
  const std::string written = RecordText(*read);
  Require(IsUtf8(written), "a record is text");
  const absl::StatusOr<NodeRecord> again = ParseRecord(written);
  Require(again.ok() && RecordText(*again) == written, "a record comes back");
  Require(again->state == read->state && again->line == read->line &&
              again->code == read->code && again->round == read->round,
          "a record comes back as it was");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
