// A line of the data file from any bytes: refused, or a result that is written
// as one line and read back the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "prepull/metrics/attempt_result.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::StatusOr<prepull::AttemptResult> read =
      prepull::ParseResultJson({reinterpret_cast<const char*>(data), size});
  if (!read.ok()) {
    if (read.status().message().empty()) abort();
    return 0;
  }
  const std::string line = prepull::ResultJson(*read);
  if (line.find('\n') != std::string::npos) abort();
  const absl::StatusOr<prepull::AttemptResult> again =
      prepull::ParseResultJson(line);
  if (!again.ok() || !(*again == *read)) abort();
  return 0;
}
