// Text on its way to a file descriptor whose reader may take its time.
//
// Who pushes never waits: a thread does the writing. That thread may be stuck
// in write(2) for as long as nobody reads, so it belongs to nobody, and a
// process that ends leaves it behind.
// Threads: safe to share; what is pushed stays in order.
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
  // `limit_bytes`: of text that may be dropped, so much is kept at most.
  explicit OutputQueue(int64_t limit_bytes);
  // What is not written yet is lost.
  ~OutputQueue();
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  // `may_drop`: a line that is left out if too much is waiting; one behind it
  // tells how many were. Errors: what became of earlier text for `fd` that may
  // not be dropped, as errno says (UNAVAILABLE  its reader went away); `text`
  // is lost then, since it would have a hole before it.
  absl::Status Push(int fd, std::string text, bool may_drop);

  // The same without a text.
  absl::Status StatusOf(int fd) const;

  bool is_empty() const;

  // Waits until all is written, at most until `until` or a requested stop;
  // whether it is. Threads: one at a time.
  bool Flush(Clock& clock, Instant until, const std::stop_token& stop);

 private:
  class State;

  const std::shared_ptr<State> state_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_BASE_OUTPUT_QUEUE_H_
