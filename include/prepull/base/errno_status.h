// Converts errno to absl::Status.
#ifndef PREPULL_BASE_ERRNO_STATUS_H_
#define PREPULL_BASE_ERRNO_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Returns "`what`: no such file or directory" with the code for `error`.
absl::Status ErrnoStatus(int error, absl::string_view what);

// Returns only the reason, in lower case as in all our messages.
std::string ErrnoText(int error);

}  // namespace prepull

#endif  // PREPULL_BASE_ERRNO_STATUS_H_
