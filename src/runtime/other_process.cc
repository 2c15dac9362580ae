#include "src/runtime/other_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"
#include "src/runtime/access_denial.h"

namespace prepull {
namespace {

absl::Status HasEndedError(pid_t pid) {
  return absl::UnavailableError(absl::StrCat("process ", pid, " has ended"));
}

// What `error`, of a call that is about process `pid`, means.
absl::Status WhyNotSeen(pid_t pid, int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return AccessDenial(pid, OwnAccessRights());
    case ENOENT:
    case ESRCH:
      return HasEndedError(pid);
    case ENOSYS:
      return absl::UnimplementedError("needs Linux 5.6 or later");
    default:
      return ErrnoStatus(error, absl::StrCat("look into process ", pid));
  }
}

// Calls `visit` with the numbers that are names in the folder. Returns 0 or
// errno.
int ForEachNumber(int parent, const char* name,
                  absl::FunctionRef<void(int folder, int number)> visit) {
  FileDescriptor folder(
      openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return errno;
  DIR* listing = fdopendir(folder.fd());
  if (listing == nullptr) return errno;
  folder.Release();
  absl::Cleanup close_listing = [listing] { closedir(listing); };
  errno = 0;
  while (const dirent* entry = readdir(listing)) {
    int number = -1;
    if (absl::SimpleAtoi(entry->d_name, &number)) {
      visit(dirfd(listing), number);
    }
    errno = 0;
  }
  return errno;
}

// The link's text; none, with errno, if it cannot be read.
std::optional<absl::string_view> ReadLink(int folder, const char* name,
                                          std::array<char, PATH_MAX>& text) {
  const ssize_t size = readlinkat(folder, name, text.data(), text.size());
  if (size < 0) return std::nullopt;
  return absl::string_view(text.data(), size);
}

// Of "socket:[1234]".
std::optional<uint64_t> SocketInode(absl::string_view link) {
  uint64_t inode = 0;
  if (!absl::ConsumePrefix(&link, "socket:[") ||
      !absl::ConsumeSuffix(&link, "]") || !absl::SimpleAtoi(link, &inode)) {
    return std::nullopt;
  }
  return inode;
}

}  // namespace

absl::StatusOr<OtherProcess> OtherProcess::Open(pid_t pid) {
  FileDescriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.is_open()) return WhyNotSeen(pid, errno);
  return Open(pid, std::move(pidfd));
}

absl::StatusOr<OtherProcess> OtherProcess::Open(pid_t pid,
                                                FileDescriptor pidfd) {
  FileDescriptor folder(open(absl::StrCat("/proc/", pid).c_str(),
                             O_PATH | O_DIRECTORY | O_CLOEXEC));
  const int error = errno;
  const bool is_seen = folder.is_open();
  OtherProcess process(pid, std::move(pidfd), std::move(folder));
  // Only now is the folder sure to be its own.
  if (process.HasEnded()) return HasEndedError(pid);
  if (is_seen) return process;
  if (error != ENOENT) return WhyNotSeen(pid, error);
  return absl::NotFoundError(absl::StrCat(
      "process ", pid, " is not in sight: /proc does not show it"));
}

bool OtherProcess::HasEnded() const {
  pollfd watched = {pidfd_.fd(), POLLIN, 0};
  return poll(&watched, 1, 0) > 0;
}

absl::StatusOr<pid_t> OtherProcess::Parent() const {
  ASSIGN_OR_RETURN(const std::string text, ReadFile("stat"));
  // "PID (name) state parent ...": a name may hold anything.
  const absl::string_view rest =
      absl::string_view(text).substr(text.rfind(')') + 1);
  const std::vector<absl::string_view> words =
      absl::StrSplit(rest, absl::MaxSplits(' ', 3));
  pid_t parent = 0;
  if (words.size() < 3 || !absl::SimpleAtoi(words[2], &parent)) {
    return absl::InternalError(
        absl::StrCat("process ", pid_, ": its status cannot be read"));
  }
  return parent;
}

absl::StatusOr<std::string> OtherProcess::Executable() const {
  std::array<char, PATH_MAX> text;
  const auto link = ReadLink(folder_.fd(), "exe", text);
  if (!link) return WhyNotSeen(pid_, errno);
  return std::string(*link);
}

absl::StatusOr<FileId> OtherProcess::ExecutableFile() const {
  struct stat about;
  if (fstatat(folder_.fd(), "exe", &about, 0) != 0) {
    return WhyNotSeen(pid_, errno);
  }
  return FileId{about.st_dev, about.st_ino};
}

absl::StatusOr<std::vector<pid_t>> OtherProcess::Threads() const {
  std::vector<pid_t> threads;
  const int error = ForEachNumber(folder_.fd(), "task", [&](int, int number) {
    threads.push_back(number);
  });
  if (error != 0) return WhyNotSeen(pid_, error);
  return threads;
}

absl::StatusOr<std::string> OtherProcess::ReadFile(
    const std::string& name) const {
  const FileDescriptor file(
      openat(folder_.fd(), name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return WhyNotSeen(pid_, errno);
  std::string text;
  std::array<char, 4096> block;
  ssize_t count = 0;
  while ((count = read(file.fd(), block.data(), block.size())) > 0) {
    text.append(block.data(), count);
  }
  if (count < 0) return WhyNotSeen(pid_, errno);
  return text;
}

absl::StatusOr<std::vector<SocketPlace>> OtherProcess::Sockets() const {
  std::vector<SocketPlace> sockets;
  std::array<char, PATH_MAX> text;
  int refusal = 0;
  const int error = ForEachNumber(folder_.fd(), "fd", [&](int folder, int fd) {
    const auto link = ReadLink(folder, absl::StrCat(fd).c_str(), text);
    if (!link && errno != ENOENT) refusal = errno;
    if (!link) return;
    if (const auto inode = SocketInode(*link)) sockets.push_back({fd, *inode});
  });
  if (error != 0) return WhyNotSeen(pid_, error);
  if (refusal != 0) return WhyNotSeen(pid_, refusal);
  return sockets;
}

absl::StatusOr<FileDescriptor> OtherProcess::Duplicate(
    const SocketPlace& place) const {
  FileDescriptor duplicate(
      static_cast<int>(syscall(SYS_pidfd_getfd, pidfd_.fd(), place.fd, 0)));
  const auto gone = [&place] {
    return absl::NotFoundError(
        absl::StrCat("socket ", place.inode, " is gone"));
  };
  if (!duplicate.is_open()) {
    return errno == EBADF ? gone() : WhyNotSeen(pid_, errno);
  }
  struct stat about;
  if (fstat(duplicate.fd(), &about) != 0 || !S_ISSOCK(about.st_mode) ||
      about.st_ino != place.inode) {
    return gone();
  }
  return duplicate;
}

}  // namespace prepull
