// One image in the document of a run.
#ifndef PREPULL_SRC_REPORT_DOCUMENT_IMAGE_H_
#define PREPULL_SRC_REPORT_DOCUMENT_IMAGE_H_

#include "prepull/base/clock.h"
#include "prepull/base/json_writer.h"
#include "prepull/run/run.h"

namespace prepull {

void WriteImage(JsonWriter& json, const ImageOutcome& image, Instant now);

}  // namespace prepull

#endif  // PREPULL_SRC_REPORT_DOCUMENT_IMAGE_H_
