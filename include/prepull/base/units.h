// The units that people write and read: durations and sizes. Pure.
#ifndef PREPULL_BASE_UNITS_H_
#define PREPULL_BASE_UNITS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prepull {

// A duration as in Go: "90s", "1h30m", "1.5h", "0". Negative ones, a bare
// number, "inf" and overflow are INVALID_ARGUMENT with a sentence.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// A size in bytes: "35GiB", "1.5TB", "500 MB", "35Gi" as in Kubernetes. A
// negative one, a bare number and overflow are INVALID_ARGUMENT with a
// sentence.
absl::StatusOr<int64_t> ParseBytes(absl::string_view text);

// "0.2s", "38s", "3m02s", "1h00m".
std::string HumanDuration(absl::Duration d);

// Decimal as docker's: "412MB", "1.2GB", "17B".
std::string HumanBytes(int64_t bytes);

}  // namespace prepull

#endif  // PREPULL_BASE_UNITS_H_
