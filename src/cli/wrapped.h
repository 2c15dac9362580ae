// Text in the columns of a help.
#ifndef PREPULL_SRC_CLI_WRAPPED_H_
#define PREPULL_SRC_CLI_WRAPPED_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// `text` in lines of 80 columns at most that begin at column `indent`. The
// first one follows `head`, or begins a new line if `head` is too long.
std::string Wrapped(const std::string& head, absl::string_view text,
                    size_t indent);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_WRAPPED_H_
