// The file system as a seam: reads and writes whole files, lists folders, tells
// how full it is.
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
  int64_t size_bytes = 0;  // 0 = unknown, as of /proc
  // The size less all free blocks. Those reserved for root are free, since
  // runtimes run as root.
  int64_t used_bytes = 0;
  int64_t inodes = 0;  // 0 = not counted, as in btrfs
  int64_t free_inodes = 0;
};

enum class FileKind { kFile, kFolder, kOther };

// What a folder has under a name: itself, not what a link leads to.
struct FolderEntry {
  std::string name;
  FileKind kind = FileKind::kOther;  // of a link, too
  int64_t owner = 0;                 // the user's number
  int64_t size_bytes = 0;            // of a file
};

// Which entries of a folder.
struct EntryQuery {
  std::string path = "";
  // Whether `path` itself may be a link.
  bool may_be_link = true;
  std::string prefix = "";  // of their names
  // The names that are read at most, also without the prefix.
  int64_t max_names = 10000;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Returns the contents of `path`. Errors: NOT_FOUND, PERMISSION_DENIED and
  // others as errno says; INVALID_ARGUMENT  larger than `limit_bytes`.
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path,
                                               int64_t limit_bytes) = 0;

  // Returns what `path` is, following links. Errors: as errno says.
  virtual absl::StatusOr<FileKind> KindOf(const std::string& path) = 0;

  // Returns the names in the folder `path`, sorted, without "." and "..".
  // Errors: as errno says.
  virtual absl::StatusOr<std::vector<std::string>> ListFolder(
      const std::string& path) = 0;

  // ReadFile and ListFolder as a process with the root directory `root` sees
  // `path`: neither symbolic links nor ".." lead out of that. Errors: as
  // theirs; FAILED_PRECONDITION  not a regular file.
  virtual absl::StatusOr<std::string> ReadFileIn(const std::string& root,
                                                 const std::string& path,
                                                 int64_t limit_bytes) = 0;
  virtual absl::StatusOr<std::vector<std::string>> ListFolderIn(
      const std::string& root, const std::string& path) = 0;

  // Returns entries of a folder, sorted by name, as ListFolderIn sees it. One
  // that vanishes meanwhile is left out. Errors: as ListFolderIn's;
  // RESOURCE_EXHAUSTED  the folder has more than `max_names` names.
  virtual absl::StatusOr<std::vector<FolderEntry>> ListEntriesIn(
      const std::string& root, const EntryQuery& query) = 0;

  // Replaces `path` with `text` atomically: readers, also after a crash of the
  // machine, see the old file or the new one. Writes a draft beside it, syncs,
  // renames, and syncs the directory. Replaces a symbolic link at `path`. Mode
  // 0644, less the umask. Errors: FAILED_PRECONDITION  `path` is, or links to,
  // a device, a pipe or a folder.
  virtual absl::Status WriteFileAtomically(const std::string& path,
                                           absl::string_view text) = 0;

  // Overwrites the existing file `path` with `text`. Errors: NOT_FOUND  there
  // is none; FAILED_PRECONDITION  not a regular file; others as errno says.
  virtual absl::Status WriteExisting(const std::string& path,
                                     absl::string_view text) = 0;

  // Removes the file `path`. Errors: NOT_FOUND  there is none;
  // FAILED_PRECONDITION  not a regular file, or a link; others as errno says.
  virtual absl::Status RemoveFile(const std::string& path) = 0;

  // Removes drafts that killed writers of `path` left, unless a living one may
  // still be writing. Ignores errors.
  virtual void RemoveOldDrafts(const std::string& path,
                               absl::Duration older_than) = 0;

  // Returns how full the file system of `path` is, as a process with the root
  // directory `root` sees it: neither symbolic links nor ".." lead out of that.
  // Errors: NOT_FOUND, PERMISSION_DENIED and others as errno says.
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
  absl::StatusOr<std::string> ReadFileIn(const std::string& root,
                                         const std::string& path,
                                         int64_t limit_bytes) override;
  absl::StatusOr<std::vector<std::string>> ListFolderIn(
      const std::string& root, const std::string& path) override;
  absl::StatusOr<std::vector<FolderEntry>> ListEntriesIn(
      const std::string& root, const EntryQuery& query) override;
  absl::Status WriteFileAtomically(const std::string& path,
                                   absl::string_view text) override;
  absl::Status WriteExisting(const std::string& path,
                             absl::string_view text) override;
  absl::Status RemoveFile(const std::string& path) override;
  void RemoveOldDrafts(const std::string& path,
                       absl::Duration older_than) override;
  absl::StatusOr<DiskUsage> Usage(const std::string& root,
                                  const std::string& path) override;
};

}  // namespace prepull

#endif  // PREPULL_BASE_FILE_SYSTEM_H_
