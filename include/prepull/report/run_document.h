// The JSON document of a run: the status file, `fetch -o json` and
// `status -o json`. Pure.
//
// lifecycle-agent's four keys come first and keep their meaning; sizes are
// numbers of bytes, times RFC 3339 in UTC, unknown values null.
#ifndef PREPULL_REPORT_RUN_DOCUMENT_H_
#define PREPULL_REPORT_RUN_DOCUMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/json_writer.h"
#include "prepull/run/run.h"

namespace prepull {

// Returns one line of JSON with a final newline. `now` and `wall_now` must be
// the same moment.
std::string RunDocument(const Run& run, Instant now, absl::Time wall_now);

// Returns the same in at most `max_bytes` (at least 16 KiB). If it has to leave
// out images it keeps the failed ones, then the stopped ones, then the others,
// in this order and as many as fit; `failed_pulls` names those of them that
// failed, and `images_omitted` counts the others. What is said of the run as a
// whole (`total`, `failed` ...) stays, but long texts are cut.
std::string BoundedRunDocument(Run run, size_t max_bytes, Instant now,
                               absl::Time wall_now);

// What the field resume says between true and false.
inline constexpr char kWithinPull[] = "within a pull";

// Writes the fields byte_progress, resume, pin and watch_connections.
void WriteFeatures(JsonWriter& json, const RuntimeFeatures& features);

// The maximum size of a document; that of 100,000 images has 30 MB.
inline constexpr int64_t kMaxDocumentBytes = 256 << 20;

// A parsed document.
struct ReadRun {
  // It has no Instants: these have no meaning in another process.
  Run run;
  absl::Time updated_at = absl::UnixEpoch();
  absl::Time deadline = absl::UnixEpoch();
};

// Errors: INVALID_ARGUMENT  invalid JSON, or not prepull.status/v1; names the
// key.
absl::StatusOr<ReadRun> ParseRunDocument(absl::string_view text);

// Checks that `text` is a status document, of prepull or of lifecycle-agent,
// which has no schema, four of our first keys, and `skipped` in older versions.
// Errors: INVALID_ARGUMENT  it is something else.
absl::Status CheckStatusDocument(absl::string_view text);

// Returns valid `json` on several lines, indented by two blanks per level.
std::string Indented(absl::string_view json);

}  // namespace prepull

#endif  // PREPULL_REPORT_RUN_DOCUMENT_H_
