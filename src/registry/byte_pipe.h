// Bytes from a thread that pushes to one that pulls, a bounded number at once.
//
// The HTTP client pushes what arrives, libarchive pulls what it unpacks; with
// this between them both work at the same time.
// Threads: one writer, one reader.
#ifndef PREPULL_SRC_REGISTRY_BYTE_PIPE_H_
#define PREPULL_SRC_REGISTRY_BYTE_PIPE_H_

#include <condition_variable>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/mutex.h"

namespace prepull {

class BytePipe {
 public:
  // The writer. Waits while `kMostBytes` lie unread. Errors: CANCELLED  the
  // reader has left.
  absl::Status Write(absl::string_view bytes);

  // The writer, last: how it ended.
  void Finish(absl::Status status);

  // The reader. Waits for the next piece that was written; empty at the end.
  // Errors: what the writer ended with, at once.
  absl::StatusOr<std::string> Read();

  // The reader, last: it wants no more.
  void Leave();

  static constexpr size_t kMostBytes = 4 << 20;

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> unread_ ABSL_GUARDED_BY(mutex_);
  size_t unread_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool reader_left_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_BYTE_PIPE_H_
