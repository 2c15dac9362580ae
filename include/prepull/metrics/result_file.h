// The file that keeps results over a restart: one line of JSON each, only ever
// appended to, by one process at a time.
//
// A process or a machine that dies in the middle of a write leaves a line
// without its end, which is cut off when the file is opened again: nobody was
// told that it is kept. Other lines that are no results are skipped.
//
// Threads: one at a time.
#ifndef PREPULL_METRICS_RESULT_FILE_H_
#define PREPULL_METRICS_RESULT_FILE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// A longer line is no result.
inline constexpr size_t kMaxResultLineBytes = 1 << 20;

class ResultFile {
 public:
  struct Contents {
    int64_t lines = 0;
    int64_t torn_bytes = 0;  // of a line without its end: cut off
  };
  // Gets a line without its newline; "" for one that is too long.
  using OnLine = std::function<void(absl::string_view line)>;

  // Creates `path` with mode 0644, less the umask, or reads it from its start
  // and locks it. Errors: FAILED_PRECONDITION  not a regular file, or another
  // process has it; others as errno says.
  static absl::StatusOr<ResultFile> Open(const std::string& path,
                                         const OnLine& on_line);

  ~ResultFile();
  ResultFile(ResultFile&& other) noexcept
      : path_(std::move(other.path_)),
        contents_(other.contents_),
        fd_(std::exchange(other.fd_, -1)),
        end_(other.end_) {}
  ResultFile& operator=(ResultFile&&) = delete;

  const std::string& path() const { return path_; }
  const Contents& contents() const { return contents_; }

  // Appends whole lines and syncs them: after it they survive a crash of the
  // machine. After an error none of them is in the file. Errors: as errno says.
  absl::Status Append(absl::string_view lines);

 private:
  ResultFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  absl::Status Lock() const;
  absl::Status Read(const OnLine& on_line);
  absl::Status CutTail();

  std::string path_;
  Contents contents_;
  int fd_;
  int64_t end_ = 0;  // of the last whole line
  bool has_tail_ = false;
};

}  // namespace prepull

#endif  // PREPULL_METRICS_RESULT_FILE_H_
