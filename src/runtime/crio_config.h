// Reads what CRI-O's own configuration says, below the host's root.
//
// The host is not trusted to keep it small or its links inside its root.
// Source: https://github.com/cri-o/cri-o/blob/main/docs/crio.conf.5.md
// https://github.com/cri-o/cri-o/blob/main/docs/crio.conf.d.5.md
#ifndef PREPULL_SRC_RUNTIME_CRIO_CONFIG_H_
#define PREPULL_SRC_RUNTIME_CRIO_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"

namespace prepull {

// Returns the folder that CRI-O's pulls use for big files: "/var/tmp" unless
// crio.conf, or a file below crio.conf.d, the later the stronger, names
// another. Errors: INVALID_ARGUMENT  FILE:LINE of a file with which CRI-O would
// not start; RESOURCE_EXHAUSTED  too many files; others as errno says.
absl::StatusOr<std::string> CrioBigFilesFolder(FileSystem& files,
                                               const std::string& host_root);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_CRIO_CONFIG_H_
