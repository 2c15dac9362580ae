// The nearest match of a misspelt word. Pure.
#ifndef PREPULL_SRC_CLI_NEAREST_H_
#define PREPULL_SRC_CLI_NEAREST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace prepull {

// Returns the candidate with the fewest single-character edits from `word`, at
// most two; "" if there is none.
std::string Nearest(absl::string_view word,
                    const std::vector<std::string>& candidates);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_NEAREST_H_
