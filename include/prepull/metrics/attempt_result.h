// What image-prefetcher tells of one attempt to pull an image, and its JSON.
// Pure.
//
// The JSON is what Go's encoding/json makes of its message: names with
// underscores, 64-bit integers as numbers, what is zero or empty left out.
// Source: https://github.com/stackrox/image-prefetcher,
// internal/metrics/server/main.go
#ifndef PREPULL_METRICS_ATTEMPT_RESULT_H_
#define PREPULL_METRICS_ATTEMPT_RESULT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Text is valid UTF-8.
struct AttemptResult {
  std::string attempt_id = "";  // unique
  int64_t started_at = 0;       // seconds since 1970
  std::string image = "";
  std::string error = "";  // empty = pulled
  // On the wire they are unsigned; what is more than these hold is cut to that.
  int64_t duration_ms = 0;
  std::string node = "";
  int64_t size_bytes = 0;  // 0 = not known

  friend bool operator==(const AttemptResult&, const AttemptResult&) = default;
};

// Returns the JSON object of `result`, on one line.
std::string ResultJson(const AttemptResult& result);

// Parses the same. Errors: INVALID_ARGUMENT  not JSON, or a field of another
// type.
absl::StatusOr<AttemptResult> ParseResultJson(absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_METRICS_ATTEMPT_RESULT_H_
