// The file system as a seam: whole files in, whole files out, what is in a
// folder, and how full it is.
//
// Threads: safe to share.
#ifndef PREPULL_BASE_FILE_SYSTEM_H_
#define PREPULL_BASE_FILE_SYSTEM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prepull {

// How full a file system is.
struct DiskUsage {
  int64_t size_bytes = 0;  // 0 = it does not say, as /proc
  // The size less all that is free, as df counts: what is kept back for root
  // is free, since runtimes run as root.
  int64_t used_bytes = 0;
  int64_t inodes = 0;  // 0 = it counts none, as btrfs
  int64_t free_inodes = 0;
};

enum class FileKind { kFile, kFolder, kOther };

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The whole of `path`. Errors: NOT_FOUND, PERMISSION_DENIED and others as
  // errno says; INVALID_ARGUMENT  larger than `limit_bytes`.
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path,
                                               int64_t limit_bytes) = 0;

  // What `path` is, or leads to. Errors: NOT_FOUND and others as errno says.
  virtual absl::StatusOr<FileKind> KindOf(const std::string& path) = 0;

  // The names in the folder `path`, sorted, without "." and "..". Errors: as
  // errno says.
  virtual absl::StatusOr<std::vector<std::string>> ListFolder(
      const std::string& path) = 0;

  // Replaces `path` with `text` so that a reader sees the old file or the new
  // one, never a part, and a crash of the machine leaves one of them: written
  // beside it, synced, renamed over it, the directory synced. A symbolic link
  // at `path` is replaced, not followed. Mode 0644, less the umask. Errors:
  // FAILED_PRECONDITION  `path` is, or leads to, a device, a pipe or a folder.
  virtual absl::Status WriteFileAtomically(const std::string& path,
                                           absl::string_view text) = 0;

  // Writes `text` into `path`, in place of what it holds. Errors: NOT_FOUND
  // it is not there; FAILED_PRECONDITION  it is no regular file; others as
  // errno says.
  virtual absl::Status WriteExisting(const std::string& path,
                                     absl::string_view text) = 0;

  // Removes what killed writers of `path` left beside it, unless a living one
  // may still be at it. What cannot be removed stays.
  virtual void RemoveOldDrafts(const std::string& path,
                               absl::Duration older_than) = 0;

  // How full the file system is that holds `path`, seen as a process sees it
  // whose root is the folder `root`: neither symbolic links nor ".." lead out
  // of that. Errors: NOT_FOUND, PERMISSION_DENIED and others as errno says.
  virtual absl::StatusOr<DiskUsage> Usage(const std::string& root,
                                          const std::string& path) = 0;
};

class SystemFileSystem : public FileSystem {
 public:
  absl::StatusOr<std::string> ReadFile(const std::string& path,
                                       int64_t limit_bytes) override;
  absl::StatusOr<FileKind> KindOf(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> ListFolder(
      const std::string& path) override;
  absl::Status WriteFileAtomically(const std::string& path,
                                   absl::string_view text) override;
  absl::Status WriteExisting(const std::string& path,
                             absl::string_view text) override;
  void RemoveOldDrafts(const std::string& path,
                       absl::Duration older_than) override;
  absl::StatusOr<DiskUsage> Usage(const std::string& root,
                                  const std::string& path) override;
};

}  // namespace prepull

#endif  // PREPULL_BASE_FILE_SYSTEM_H_
