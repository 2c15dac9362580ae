// A path as somebody sees it whose root is another folder, such as the host's
// root mounted into a container.
#ifndef PREPULL_SRC_BASE_PATH_IN_ROOT_H_
#define PREPULL_SRC_BASE_PATH_IN_ROOT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// A descriptor (O_PATH, the caller closes it) of what `path` is for a process
// that was chroot'ed to `root`: absolute symbolic links begin there again and
// ".." does not lead above it. Errors: as errno says, with `path`.
absl::StatusOr<int> OpenInRoot(const std::string& root, absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_SRC_BASE_PATH_IN_ROOT_H_
