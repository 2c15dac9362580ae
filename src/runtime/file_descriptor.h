// A file descriptor that this owns.
#ifndef PREPULL_SRC_RUNTIME_FILE_DESCRIPTOR_H_
#define PREPULL_SRC_RUNTIME_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace prepull {

class FileDescriptor {
 public:
  // -1 = none, as system calls return it.
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  // The caller owns it from here on.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_FILE_DESCRIPTOR_H_
