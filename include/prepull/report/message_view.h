// What a machine line says, with the names of its list: as table and as JSON.
// Pure.
#ifndef PREPULL_REPORT_MESSAGE_VIEW_H_
#define PREPULL_REPORT_MESSAGE_VIEW_H_

#include <string>
#include <vector>

#include "prepull/report/machine_line.h"

namespace prepull {

// The images of the list by their texts, one for each that `result` counts;
// none if the run ended before it had a list.
using ImageNames = std::vector<std::string>;

// Returns a table of all images with their state, or of those alone of which
// the line tells, and a last line.
std::string MessageTable(const MachineResult& result, const ImageNames& images,
                         bool with_header);

// Returns the document "prepull.message/v1": one line of JSON with a final
// newline. Its keys mean what they mean in the status document; `images` is
// null if the states had no room in the line.
std::string MessageDocument(const MachineResult& result,
                            const ImageNames& images);

// Returns the images that are on the node, one a line; `result` has states.
std::string PresentNames(const MachineResult& result, const ImageNames& images);

}  // namespace prepull

#endif  // PREPULL_REPORT_MESSAGE_VIEW_H_
