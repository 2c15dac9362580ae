#include "src/base/output_queue.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/mutex.h"

namespace prepull {
namespace {

// Blocks until all of it is written.
absl::Status WriteWhenRead(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      // Another process that shares the pipe made it non-blocking.
      pollfd watched = {fd, POLLOUT, 0};
      poll(&watched, 1, -1);
      continue;
    }
    if (written < 0 && errno == EPIPE) {
      return absl::UnavailableError("the reader has gone");
    }
    if (written < 0) return ErrnoStatus(errno, "write");
    text.remove_prefix(written);
  }
  return absl::OkStatus();
}

}  // namespace

// Shared with the thread, which may outlive the queue.
class OutputQueue::State
    : public std::enable_shared_from_this<OutputQueue::State> {
 public:
  explicit State(int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  absl::Status Push(int fd, std::string text, bool may_drop) {
    MutexLock lock(mutex_);
    const auto error = errors_.find(fd);
    if (error != errors_.end()) return error->second;
    if (may_drop && !HasRoom()) {
      ++dropped_;
      return absl::OkStatus();
    }
    if (may_drop && dropped_ > 0) {
      Add({fd,
           absl::StrCat("prepull: ", std::exchange(dropped_, 0),
                        " lines left out: this was not read\n"),
           may_drop});
    }
    Add({fd, std::move(text), may_drop});
    if (!std::exchange(has_thread_, true)) {
      std::thread([self = shared_from_this()] {
        self->WriteUntilClosed();
      }).detach();
    }
    return absl::OkStatus();
  }

  absl::Status StatusOf(int fd) {
    MutexLock lock(mutex_);
    const auto error = errors_.find(fd);
    return error == errors_.end() ? absl::OkStatus() : error->second;
  }

  bool is_empty() {
    MutexLock lock(mutex_);
    return texts_.empty() && !is_writing_;
  }

  void Close() {
    MutexLock lock(mutex_);
    texts_.clear();
    is_closed_ = true;
    pushed_.notify_all();
  }

  void WriteUntilClosed() {
    while (const std::optional<Text> next = Next()) {
      const absl::Status written = WriteWhenRead(next->fd, next->text);
      MutexLock lock(mutex_);
      is_writing_ = false;
      if (!written.ok() && !next->may_drop) errors_.emplace(next->fd, written);
      if (texts_.empty()) drained_.Notify();
    }
  }

  // Notified when all is written.
  Wakeup& drained() { return drained_; }

 private:
  struct Text {
    int fd;
    std::string text;
    bool may_drop;
  };

  // Once it has been full, half of it must be free: else every line that is
  // read would let one in, with a gap before it.
  bool HasRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return droppable_bytes_ < (dropped_ > 0 ? limit_bytes_ / 2 : limit_bytes_);
  }

  void Add(Text text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (text.may_drop) droppable_bytes_ += std::ssize(text.text);
    texts_.push_back(std::move(text));
    pushed_.notify_all();
  }

  // Nothing once it is closed.
  std::optional<Text> Next() {
    MutexLock lock(mutex_);
    while (texts_.empty() && !is_closed_) pushed_.wait(mutex_);
    if (is_closed_) return std::nullopt;
    Text next = std::move(texts_.front());
    texts_.pop_front();
    if (next.may_drop) droppable_bytes_ -= std::ssize(next.text);
    is_writing_ = true;
    // Text after an error would follow a gap.
    if (errors_.contains(next.fd)) next.text.clear();
    return next;
  }

  const int64_t limit_bytes_;
  Wakeup drained_;
  Mutex mutex_;
  std::condition_variable_any pushed_;
  std::deque<Text> texts_ ABSL_GUARDED_BY(mutex_);
  std::map<int, absl::Status> errors_ ABSL_GUARDED_BY(mutex_);
  int64_t droppable_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  bool has_thread_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
};

OutputQueue::OutputQueue(int64_t limit_bytes)
    : state_(std::make_shared<State>(limit_bytes)) {}

OutputQueue::~OutputQueue() { state_->Close(); }

absl::Status OutputQueue::Push(int fd, std::string text, bool may_drop) {
  return state_->Push(fd, std::move(text), may_drop);
}

absl::Status OutputQueue::StatusOf(int fd) const {
  return state_->StatusOf(fd);
}

bool OutputQueue::is_empty() const { return state_->is_empty(); }

bool OutputQueue::Flush(Clock& clock, Instant until,
                        const std::stop_token& stop) {
  const std::stop_callback wake(
      stop, [state = state_] { state->drained().Notify(); });
  while (!state_->is_empty()) {
    if (stop.stop_requested() || clock.Now() >= until) return false;
    clock.WaitUntil(until, state_->drained());
  }
  return true;
}

}  // namespace prepull
