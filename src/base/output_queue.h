// Writes text to a file descriptor on a thread of its own, so that the caller
// never waits for a slow reader.
//
// The thread may be stuck in write(2) as long as the reader is, so it is
// detached and ends with the process.
// Threads: safe to share; keeps the order of the texts.
#ifndef PREPULL_SRC_BASE_OUTPUT_QUEUE_H_
#define PREPULL_SRC_BASE_OUTPUT_QUEUE_H_

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "prepull/base/clock.h"

namespace prepull {

class OutputQueue {
 public:
  // `limit_bytes`: the most text that is queued of the kind that may be
  // dropped.
  explicit OutputQueue(int64_t limit_bytes);
  // Drops what is not written yet.
  ~OutputQueue();
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  // `may_drop`: whether the line may be dropped if too much is queued; a later
  // line tells how many were. Errors: those of writing earlier text to `fd`
  // that must not be dropped, as errno says (UNAVAILABLE  the reader has gone);
  // `text` is then dropped, too, since it would follow a gap.
  absl::Status Push(int fd, std::string text, bool may_drop);

  // Returns the same errors without a text.
  absl::Status StatusOf(int fd) const;

  bool is_empty() const;

  // Waits until all is written, `until`, or a requested stop. Returns whether
  // all is written. Threads: one at a time.
  bool Flush(Clock& clock, Instant until, const std::stop_token& stop);

 private:
  class State;

  const std::shared_ptr<State> state_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_BASE_OUTPUT_QUEUE_H_
