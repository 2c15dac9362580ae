// Durations and sizes as people write and read them. Pure.
#ifndef PREPULL_BASE_UNITS_H_
#define PREPULL_BASE_UNITS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prepull {

// Parses a duration as in Go: "90s", "1h30m", "1.5h", "0". Errors:
// INVALID_ARGUMENT  negative, without a unit, infinite or too long.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// Parses a size in bytes: "35GiB", "1.5TB", "500 MB", "35Gi" as in Kubernetes.
// Errors: INVALID_ARGUMENT  negative, without a unit, or too large.
absl::StatusOr<int64_t> ParseBytes(absl::string_view text);

// Returns "0.2s", "38s", "3m02s", "1h00m".
std::string HumanDuration(absl::Duration d);

// Returns decimal units as docker does: "412MB", "1.2GB", "17B".
std::string HumanBytes(int64_t bytes);

}  // namespace prepull

#endif  // PREPULL_BASE_UNITS_H_
