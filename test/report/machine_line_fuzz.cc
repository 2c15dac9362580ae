// The machine line from any bytes: refused, or consistent enough to be shown.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "prepull/report/machine_line.h"
#include "prepull/report/message_view.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::StatusOr<prepull::MachineResult> read =
      prepull::ParseMachineLine({reinterpret_cast<const char*>(data), size});
  if (!read.ok()) {
    if (read.status().message().empty()) abort();
    return 0;
  }
  const int64_t total = read->counts.all();
  if (read->states && static_cast<int64_t>(read->states->size()) != total) {
    abort();
  }
  if (total > 10'000) return 0;
  const prepull::ImageNames names(total, "quay.io/a:1");
  if (prepull::MessageDocument(*read, names).empty()) abort();
  if (prepull::MessageTable(*read, names, true).empty()) abort();
  return 0;
}
