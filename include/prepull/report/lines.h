// The text output of a run: a line per ended image, a last line, and the table
// of a status file. Pure.
#ifndef PREPULL_REPORT_LINES_H_
#define PREPULL_REPORT_LINES_H_

#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/run/run.h"

namespace prepull {

// Returns the width of the column of image names.
int ImageColumn(const Run& run);

// Returns "pulled   quay.io/team/app:1.2   412MB in 38s"; the image must have
// ended.
std::string EndLine(const ImageOutcome& image, int image_column);

// Returns "1.2GB of 3.4GB", "1.2GB" while the total is unknown, "" without
// byte progress.
std::string BytesText(const Run& run);

// Returns "12 of 13 images present; 1 failed".
std::string CountsText(const ImageCounts& counts, bool tolerated);

// Returns "12 of 13 images present; 1 failed (3m02s)".
std::string LastLine(const Run& run, absl::Duration took);

// Returns the state of the run in one line of at most 1 KiB: "12 of 50 images
// present, pulling", or LastLine once it has ended; behind it the run's message
// if it has any.
std::string SummaryLine(const Run& run, absl::Duration took);

// Why the run, which has ended, was no success, for people; empty after one.
std::string ErrorLine(const Run& run, Instant now);

// Returns a table of all images with their state.
std::string StatusTable(const Run& run, bool with_header);

}  // namespace prepull

#endif  // PREPULL_REPORT_LINES_H_
