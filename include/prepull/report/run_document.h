// The document that tells of a run: the status file, `fetch -o json` and
// `status -o json` are all this one.
//
// lifecycle-agent's four keys come first and keep their meaning; sizes are
// numbers of bytes, times RFC 3339 in UTC, unknown is null. Pure.
#ifndef PREPULL_REPORT_RUN_DOCUMENT_H_
#define PREPULL_REPORT_RUN_DOCUMENT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/run/run.h"

namespace prepull {

// `run` as one line of JSON with a final newline. `now` and `wall_now` are the
// same moment.
std::string RunDocument(const Run& run, Instant now, absl::Time wall_now);

// No document is larger: that of 100,000 images has 30 MB.
inline constexpr int64_t kLargestDocument = 256 << 20;

// A document that was read back.
struct ReadRun {
  // Without Instants: they mean nothing in another process.
  Run run;
  absl::Time updated_at = absl::UnixEpoch();
  absl::Time deadline = absl::UnixEpoch();
};

// Errors: INVALID_ARGUMENT  no JSON, or not prepull.status/v1, with the place.
absl::StatusOr<ReadRun> ParseRunDocument(absl::string_view text);

// `json`, which is valid, spread over lines with two blanks a level.
std::string Indented(absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_REPORT_RUN_DOCUMENT_H_
