// What people read of a run: a line an image as it ends, a last line, and the
// table of a status file. Pure.
#ifndef PREPULL_REPORT_LINES_H_
#define PREPULL_REPORT_LINES_H_

#include <string>
#include <vector>

#include "prepull/run/run.h"

namespace prepull {

// How much room image names get in lines that stand below each other.
int ImageColumn(const Run& run);

// "pulled   quay.io/team/app:1.2   412MB in 38s"; the image has ended.
std::string EndLine(const ImageOutcome& image, int image_column);

// "1.2GB of 3.4GB", "1.2GB" while the total is unknown; empty where the run
// has no bytes to tell of.
std::string BytesText(const Run& run);

// "12 of 13 images present; 1 failed (3m02s)".
std::string LastLine(const Run& run, absl::Duration took);

// Every image with its state, one a line, under a header if wanted.
std::string StatusTable(const Run& run, bool with_header);

}  // namespace prepull

#endif  // PREPULL_REPORT_LINES_H_
