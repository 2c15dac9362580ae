// A bounded pipe between two threads: the HTTP client pushes what arrives,
// libarchive pulls what it unpacks.
//
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
  // Writer: blocks while kMaxUnreadBytes are unread. Errors: CANCELLED  the
  // reader has left.
  absl::Status Write(absl::string_view bytes);

  // Writer: ends the pipe with `status`. The last call.
  void Finish(absl::Status status);

  // Reader: blocks for the next piece; "" at the end. Errors: the status that
  // the writer ended with, even before unread pieces.
  absl::StatusOr<std::string> Read();

  // Reader: discards all further bytes. The last call.
  void Leave();

  static constexpr size_t kMaxUnreadBytes = 4 << 20;

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
