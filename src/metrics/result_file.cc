#include "prepull/metrics/result_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

constexpr size_t kReadBytes = 256 << 10;

absl::Status WriteWhole(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "write");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Splits what is read piece by piece into lines.
class LineSplitter {
 public:
  explicit LineSplitter(const ResultFile::OnLine& on_line)
      : on_line_(on_line) {}

  void Take(absl::string_view piece) {
    while (true) {
      const size_t end = piece.find('\n');
      if (end == absl::string_view::npos) return Hold(piece);
      Hold(piece.substr(0, end));
      ++lines_;
      on_line_(is_too_long_ ? absl::string_view() : line_);
      whole_bytes_ += line_bytes_ + 1;
      line_.clear();
      line_bytes_ = 0;
      is_too_long_ = false;
      piece.remove_prefix(end + 1);
    }
  }

  int64_t lines() const { return lines_; }
  int64_t whole_bytes() const { return whole_bytes_; }  // of whole lines
  int64_t torn_bytes() const { return line_bytes_; }

 private:
  void Hold(absl::string_view part) {
    line_bytes_ += static_cast<int64_t>(part.size());
    is_too_long_ =
        is_too_long_ || line_.size() + part.size() > kMaxResultLineBytes;
    if (is_too_long_) {
      line_.clear();
    } else {
      line_.append(part.data(), part.size());
    }
  }

  const ResultFile::OnLine& on_line_;
  std::string line_;
  int64_t line_bytes_ = 0;
  bool is_too_long_ = false;
  int64_t lines_ = 0;
  int64_t whole_bytes_ = 0;
};

}  // namespace

absl::StatusOr<ResultFile> ResultFile::Open(const std::string& path,
                                            const OnLine& on_line) {
  // Without waiting, should it be a pipe.
  const int fd = open(
      path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
  if (fd < 0) return ErrnoStatus(errno, path);
  ResultFile file(path, fd);
  RETURN_IF_ERROR(Annotate(file.Lock(), path));
  RETURN_IF_ERROR(Annotate(file.Read(on_line), path));
  return file;
}

ResultFile::~ResultFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status ResultFile::Lock() const {
  struct stat facts = {};
  if (fstat(fd_, &facts) != 0) return ErrnoStatus(errno, "stat");
  if (!S_ISREG(facts.st_mode)) {
    return absl::FailedPreconditionError("not a regular file");
  }
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  if (errno == EWOULDBLOCK) {
    return absl::FailedPreconditionError("another process is writing it");
  }
  return ErrnoStatus(errno, "lock");
}

absl::Status ResultFile::Read(const OnLine& on_line) {
  LineSplitter splitter(on_line);
  std::string piece(kReadBytes, '\0');
  while (true) {
    const ssize_t size = read(fd_, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return ErrnoStatus(errno, "read");
    if (size == 0) break;
    splitter.Take({piece.data(), static_cast<size_t>(size)});
  }
  contents_ = {splitter.lines(), splitter.torn_bytes()};
  end_ = splitter.whole_bytes();
  has_tail_ = contents_.torn_bytes > 0;
  return CutTail();
}

absl::Status ResultFile::CutTail() {
  if (has_tail_ && ftruncate(fd_, end_) != 0) {
    return ErrnoStatus(errno, "truncate");
  }
  has_tail_ = false;
  return absl::OkStatus();
}

absl::Status ResultFile::Append(absl::string_view lines) {
  RETURN_IF_ERROR(Annotate(CutTail(), path_));
  has_tail_ = true;
  absl::Status written = WriteWhole(fd_, lines);
  if (written.ok() && fdatasync(fd_) != 0) {
    written = ErrnoStatus(errno, "sync");
  }
  if (written.ok()) {
    end_ += static_cast<int64_t>(lines.size());
    has_tail_ = false;
    return absl::OkStatus();
  }
  // If that is refused, too, the next one begins with it.
  written.Update(CutTail());
  return Annotate(written, path_);
}

}  // namespace prepull
