// Paths: their parts, and opening them below another root, such as the host's
// root mounted into a container.
#ifndef PREPULL_SRC_BASE_PATH_H_
#define PREPULL_SRC_BASE_PATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Returns the directory of `path`: "/run" of "/run/a", "." of "a".
std::string DirectoryOf(const std::string& path);

// Returns a descriptor (O_PATH, the caller closes it) of `path` for a process
// that was chroot'ed to `root`: absolute symbolic links start there and ".."
// does not lead above it. Errors: as errno says, with `path`.
absl::StatusOr<int> OpenInRoot(const std::string& root, absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_SRC_BASE_PATH_H_
