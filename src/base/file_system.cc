#include "prepull/base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"
#include "src/base/path.h"

namespace prepull {
namespace {

// What a draft's name adds to the path: a dot, hex digits, and an ending.
constexpr size_t kDraftDigits = 16;
constexpr absl::string_view kDraftEnding = ".tmp";

bool IsDraft(absl::string_view name, absl::string_view prefix) {
  if (!absl::ConsumePrefix(&name, prefix) ||
      !absl::ConsumeSuffix(&name, kDraftEnding)) {
    return false;
  }
  return name.size() == kDraftDigits &&
         std::all_of(name.begin(), name.end(), absl::ascii_isxdigit);
}

absl::Status WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "write");
    text.remove_prefix(written);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path,
                                    int64_t limit_bytes) {
  std::string text;
  char block[65536];
  while (true) {
    const ssize_t count = read(fd, block, sizeof(block));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Annotate(ErrnoStatus(errno, "read"), path);
    if (count == 0) return text;
    text.append(block, count);
    if (static_cast<int64_t>(text.size()) > limit_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": larger than ", limit_bytes, " bytes"));
    }
  }
}

// Opens for reading the file that `fd`, of O_PATH, stands for.
int Reopen(int fd) {
  return open(absl::StrCat("/proc/self/fd/", fd).c_str(), O_RDONLY | O_CLOEXEC);
}

// Takes `listing` over. Returns its names, sorted.
absl::StatusOr<std::vector<std::string>> NamesIn(DIR* listing,
                                                 const std::string& path) {
  absl::Cleanup close_listing = [listing] { closedir(listing); };
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(listing)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return Annotate(ErrnoStatus(errno, "read"), path);
  std::sort(names.begin(), names.end());
  return names;
}

FileKind KindOfMode(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  return S_ISDIR(mode) ? FileKind::kFolder : FileKind::kOther;
}

// Takes `listing` over.
absl::StatusOr<std::vector<FolderEntry>> EntriesIn(DIR* listing,
                                                   const EntryQuery& query) {
  absl::Cleanup close_listing = [listing] { closedir(listing); };
  std::vector<FolderEntry> entries;
  int64_t names = 0;
  errno = 0;
  while (const dirent* entry = readdir(listing)) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != ".." && ++names > query.max_names) {
      return absl::ResourceExhaustedError(
          absl::StrCat(query.path, ": more than ", query.max_names, " names"));
    }
    struct stat about;
    if (name != "." && name != ".." && absl::StartsWith(name, query.prefix) &&
        fstatat(dirfd(listing), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) ==
            0) {
      const FileKind kind = KindOfMode(about.st_mode);
      entries.push_back(
          {.name = std::string(name),
           .kind = kind,
           .owner = about.st_uid,
           .size_bytes = kind == FileKind::kFile ? about.st_size : 0});
    }
    errno = 0;
  }
  if (errno != 0) return Annotate(ErrnoStatus(errno, "read"), query.path);
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry& a, const FolderEntry& b) {
              return a.name < b.name;
            });
  return entries;
}

// Opens the folder of an EntryQuery.
absl::StatusOr<int> OpenFolderIn(const std::string& root,
                                 const EntryQuery& query) {
  const std::string& path = query.path;
  const std::string last =
      query.may_be_link ? "." : path.substr(path.rfind('/') + 1);
  ASSIGN_OR_RETURN(
      const int found,
      OpenInRoot(root, query.may_be_link ? path : DirectoryOf(path)));
  absl::Cleanup close_found = [found] { close(found); };
  const int fd = openat(found, last.c_str(),
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return Annotate(ErrnoStatus(errno, "open"), path);
  return fd;
}

// Takes `fd` over.
absl::StatusOr<DIR*> ListingOf(int fd, const std::string& path) {
  DIR* listing = fdopendir(fd);
  if (listing != nullptr) return listing;
  const absl::Status why = ErrnoStatus(errno, "open");
  close(fd);
  return Annotate(why, path);
}

// A rename over /dev/null would break it for all processes.
absl::Status CheckReplaceable(const std::string& path) {
  struct stat about;
  if (stat(path.c_str(), &about) != 0 || S_ISREG(about.st_mode)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError("not a regular file");
}

// Writes and syncs `draft`, which must not exist yet.
absl::Status WriteDraft(const std::string& draft, absl::string_view text) {
  const int fd =
      open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
           0644);
  if (fd < 0) return ErrnoStatus(errno, "create");
  absl::Cleanup close_fd = [fd] { close(fd); };
  RETURN_IF_ERROR(WriteAll(fd, text));
  if (fsync(fd) != 0) return ErrnoStatus(errno, "sync");
  return absl::OkStatus();
}

// So that the rename itself survives a crash of the machine.
absl::Status SyncDirectory(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "open");
  absl::Cleanup close_fd = [fd] { close(fd); };
  // Some file systems cannot sync a directory and say EINVAL.
  if (fsync(fd) != 0 && errno != EINVAL) return ErrnoStatus(errno, "sync");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SystemFileSystem::ReadFile(const std::string& path,
                                                       int64_t limit_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Annotate(ErrnoStatus(errno, "open"), path);
  absl::Cleanup close_fd = [fd] { close(fd); };
  return ReadAll(fd, path, limit_bytes);
}

absl::StatusOr<std::string> SystemFileSystem::ReadFileIn(
    const std::string& root, const std::string& path, int64_t limit_bytes) {
  ASSIGN_OR_RETURN(const int found, OpenInRoot(root, path));
  absl::Cleanup close_found = [found] { close(found); };
  struct stat about;
  if (fstat(found, &about) != 0) {
    return Annotate(ErrnoStatus(errno, "stat"), path);
  }
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": not a regular file"));
  }
  const int fd = Reopen(found);
  if (fd < 0) return Annotate(ErrnoStatus(errno, "open"), path);
  absl::Cleanup close_fd = [fd] { close(fd); };
  return ReadAll(fd, path, limit_bytes);
}

absl::StatusOr<FileKind> SystemFileSystem::KindOf(const std::string& path) {
  struct stat about;
  if (stat(path.c_str(), &about) != 0) {
    return Annotate(ErrnoStatus(errno, "open"), path);
  }
  return KindOfMode(about.st_mode);
}

absl::StatusOr<std::vector<std::string>> SystemFileSystem::ListFolder(
    const std::string& path) {
  DIR* listing = opendir(path.c_str());
  if (listing == nullptr) return Annotate(ErrnoStatus(errno, "open"), path);
  return NamesIn(listing, path);
}

absl::StatusOr<std::vector<std::string>> SystemFileSystem::ListFolderIn(
    const std::string& root, const std::string& path) {
  ASSIGN_OR_RETURN(const int fd, OpenFolderIn(root, {.path = path}));
  ASSIGN_OR_RETURN(DIR* const listing, ListingOf(fd, path));
  return NamesIn(listing, path);
}

absl::StatusOr<std::vector<FolderEntry>> SystemFileSystem::ListEntriesIn(
    const std::string& root, const EntryQuery& query) {
  ASSIGN_OR_RETURN(const int fd, OpenFolderIn(root, query));
  ASSIGN_OR_RETURN(DIR* const listing, ListingOf(fd, query.path));
  return EntriesIn(listing, query);
}

absl::Status SystemFileSystem::WriteFileAtomically(const std::string& path,
                                                   absl::string_view text) {
  RETURN_IF_ERROR(Annotate(CheckReplaceable(path), path));
  const std::string draft =
      absl::StrCat(path, ".", RandomHex(kDraftDigits / 2), kDraftEnding);
  absl::Cleanup remove_draft = [&draft] { unlink(draft.c_str()); };
  RETURN_IF_ERROR(Annotate(WriteDraft(draft, text), draft));
  if (rename(draft.c_str(), path.c_str()) != 0) {
    return Annotate(ErrnoStatus(errno, "rename"), path);
  }
  std::move(remove_draft).Cancel();
  return Annotate(SyncDirectory(DirectoryOf(path)), DirectoryOf(path));
}

absl::Status SystemFileSystem::WriteExisting(const std::string& path,
                                             absl::string_view text) {
  // Not blocking, because it may turn out to be a pipe.
  const int fd = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return Annotate(ErrnoStatus(errno, "open"), path);
  absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat about;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": not a regular file"));
  }
  if (ftruncate(fd, 0) != 0) {
    return Annotate(ErrnoStatus(errno, "truncate"), path);
  }
  return Annotate(WriteAll(fd, text), path);
}

absl::Status SystemFileSystem::RemoveFile(const std::string& path) {
  struct stat about;
  if (lstat(path.c_str(), &about) != 0) {
    return Annotate(ErrnoStatus(errno, "remove"), path);
  }
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": remove: not a regular file"));
  }
  if (unlink(path.c_str()) != 0) {
    return Annotate(ErrnoStatus(errno, "remove"), path);
  }
  return Annotate(SyncDirectory(DirectoryOf(path)), DirectoryOf(path));
}

void SystemFileSystem::RemoveOldDrafts(const std::string& path,
                                       absl::Duration older_than) {
  const std::string directory = DirectoryOf(path);
  const std::string prefix = path.substr(path.rfind('/') + 1) + ".";
  DIR* listing = opendir(directory.c_str());
  if (listing == nullptr) return;
  absl::Cleanup close_listing = [listing] { closedir(listing); };
  while (const dirent* entry = readdir(listing)) {
    if (!IsDraft(entry->d_name, prefix)) continue;
    struct stat about;
    if (fstatat(dirfd(listing), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) !=
            0 ||
        !S_ISREG(about.st_mode)) {
      continue;
    }
    if (absl::Now() - absl::FromTimeT(about.st_mtime) > older_than) {
      unlinkat(dirfd(listing), entry->d_name, 0);
    }
  }
}

absl::StatusOr<DiskUsage> SystemFileSystem::Usage(const std::string& root,
                                                  const std::string& path) {
  absl::StatusOr<int> fd = OpenInRoot(root, path);
  if (!fd.ok()) return fd.status();
  absl::Cleanup close_fd = [fd] { close(*fd); };
  struct statvfs about;
  if (fstatvfs(*fd, &about) != 0) {
    return Annotate(ErrnoStatus(errno, "statvfs"), path);
  }
  const auto block = static_cast<int64_t>(about.f_frsize);
  return DiskUsage{
      .size_bytes = static_cast<int64_t>(about.f_blocks) * block,
      .used_bytes =
          static_cast<int64_t>(about.f_blocks - about.f_bfree) * block,
      .inodes = static_cast<int64_t>(about.f_files),
      .free_inodes = static_cast<int64_t>(about.f_ffree)};
}

}  // namespace prepull
