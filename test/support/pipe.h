// Pipes and redirected streams for tests of what reads and writes them.
#ifndef PREPULL_TEST_SUPPORT_PIPE_H_
#define PREPULL_TEST_SUPPORT_PIPE_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace prepull {

// A file descriptor that this owns.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  explicit Pipe(std::array<int, 2> ends = NewPipe())
      : read_end(ends[0]), write_end(ends[1]) {}

  static std::array<int, 2> NewPipe() {
    std::array<int, 2> ends = {-1, -1};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    return ends;
  }

  void Put(const std::string& text) const {
    ASSERT_EQ(write(write_end.fd(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  // Everything up to the end of the pipe.
  std::string Drain() const {
    std::string text;
    std::array<char, 4096> block;
    ssize_t count = 0;
    while ((count = read(read_end.fd(), block.data(), block.size())) > 0) {
      text.append(block.data(), count);
    }
    return text;
  }

  // The next `size` bytes, which are waited for.
  std::string Take(size_t size) const {
    std::string text(size, '\0');
    size_t taken = 0;
    while (taken < size) {
      const ssize_t count =
          read(read_end.fd(), text.data() + taken, size - taken);
      if (count <= 0) break;
      taken += count;
    }
    text.resize(taken);
    return text;
  }

  Descriptor read_end;
  Descriptor write_end;
};

// Puts `fd` in the place of a standard stream, for as long as this lives.
class Redirected {
 public:
  Redirected(int stream, int fd) : stream_(stream), before_(dup(stream)) {
    dup2(fd, stream_);
  }
  ~Redirected() { dup2(before_.fd(), stream_); }

 private:
  const int stream_;
  const Descriptor before_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_PIPE_H_
