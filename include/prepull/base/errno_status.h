// errno as absl::Status, in one place.
#ifndef PREPULL_BASE_ERRNO_STATUS_H_
#define PREPULL_BASE_ERRNO_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

// "`what`: no such file or directory", with the code that fits `error`.
absl::Status ErrnoStatus(int error, absl::string_view what);

// Only the reason, in lower case as in all our messages.
std::string ErrnoText(int error);

}  // namespace prepull

#endif  // PREPULL_BASE_ERRNO_STATUS_H_
