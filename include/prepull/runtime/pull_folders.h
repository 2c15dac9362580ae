// The folders that CRI-O's pulls download into, an optional service of a node:
// each layer is a file there that grows byte by byte.
//
// A pull makes its folder before it asks the registry, with files for the
// config and for each layer that it fetches; all of them stay until the pull
// has ended, in whatever way, also those of layers that are in the store by
// then. A layer that is there under another parent is written out anew,
// uncompressed; one that is fetched in parts (zstd:chunked) has no file. A
// killed CRI-O leaves its folders behind. Whatever else pulls on the node makes
// folders of that name, too: the kubelet by CRI-O, and root's Podman, Buildah
// and skopeo.
// CRI-O's command line and environment can name another place; then none is
// seen. Nor are those of CRI-O of before the middle of 2023, which have another
// name.
//
// Threads: one at a time.
// Source: github.com/containers/image, internal/tmpdir and storage.
#ifndef PREPULL_RUNTIME_PULL_FOLDERS_H_
#define PREPULL_RUNTIME_PULL_FOLDERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"

namespace prepull {

struct PullFolder {
  std::string name;  // "container_images_storage1234567", never used again
  std::vector<int64_t> file_bytes = {};
};

class PullFolders {
 public:
  virtual ~PullFolders() = default;

  // Returns those that are there now, sorted by name. Only folders of root and
  // of this process's user count: anybody may write where they are. Errors, as
  // a sentence that names the place: NOT_FOUND, PERMISSION_DENIED and others as
  // errno says; RESOURCE_EXHAUSTED  too much is there to look at it each
  // second.
  virtual absl::StatusOr<std::vector<PullFolder>> List() = 0;
};

// Finds the place in CRI-O's configuration below `host_root` ("/" is this
// process's own). Errors, as a sentence that names the place:
//   NOT_FOUND         the place is not in sight
//   INVALID_ARGUMENT  FILE:LINE of a file with which CRI-O would not start
//   others            as errno says
absl::StatusOr<std::unique_ptr<PullFolders>> OpenPullFolders(
    FileSystem& files, const std::string& host_root);

}  // namespace prepull

#endif  // PREPULL_RUNTIME_PULL_FOLDERS_H_
