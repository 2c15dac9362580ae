// Another process, held so that its number cannot come to mean a later one.
//
// Threads: one at a time.
// Source: pidfd_open(2), pidfd_getfd(2), proc(5).
#ifndef PREPULL_SRC_RUNTIME_OTHER_PROCESS_H_
#define PREPULL_SRC_RUNTIME_OTHER_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/runtime/file_descriptor.h"

namespace prepull {

// A file, whatever it is called.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  friend bool operator==(const FileId& a, const FileId& b) {
    return std::tie(a.device, a.inode) == std::tie(b.device, b.inode);
  }
};

// A descriptor of the process that is a socket.
struct SocketPlace {
  int fd = -1;
  uint64_t inode = 0;
};

// Errors of all of it:
//   UNAVAILABLE        the process has ended
//   NOT_FOUND          it is not in sight of /proc
//   PERMISSION_DENIED  it may not be looked into; the message says what is
//                      missing
//   UNIMPLEMENTED      Linux before 5.6
class OtherProcess {
 public:
  static absl::StatusOr<OtherProcess> Open(pid_t pid);
  // `pidfd` is of process `pid`.
  static absl::StatusOr<OtherProcess> Open(pid_t pid, FileDescriptor pidfd);

  pid_t pid() const { return pid_; }
  bool HasEnded() const;

  absl::StatusOr<pid_t> Parent() const;
  // As the kernel names it: " (deleted)" stands behind one that was replaced.
  absl::StatusOr<std::string> Executable() const;
  absl::StatusOr<FileId> ExecutableFile() const;

  // Returns the numbers of its threads.
  absl::StatusOr<std::vector<pid_t>> Threads() const;
  // Returns what a file in its folder of /proc holds.
  absl::StatusOr<std::string> ReadFile(const std::string& name) const;

  absl::StatusOr<std::vector<SocketPlace>> Sockets() const;
  // Returns a second descriptor of that socket; NOT_FOUND if it is not there
  // any more.
  absl::StatusOr<FileDescriptor> Duplicate(const SocketPlace& place) const;

 private:
  OtherProcess(pid_t pid, FileDescriptor pidfd, FileDescriptor folder)
      : pid_(pid), pidfd_(std::move(pidfd)), folder_(std::move(folder)) {}

  pid_t pid_;
  FileDescriptor pidfd_;
  FileDescriptor folder_;  // /proc/PID, which never shows a later process
};

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_OTHER_PROCESS_H_
