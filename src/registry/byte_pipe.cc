#include "src/registry/byte_pipe.h"

#include <utility>

namespace prepull {

absl::Status BytePipe::Write(absl::string_view bytes) {
  MutexLock lock(mutex_);
  while (!reader_left_ && unread_bytes_ >= kMaxUnreadBytes)
    changed_.wait(mutex_);
  if (reader_left_) return absl::CancelledError("the reader has left");
  unread_bytes_ += bytes.size();
  if (!bytes.empty()) unread_.emplace_back(bytes);
  changed_.notify_one();
  return absl::OkStatus();
}

void BytePipe::Finish(absl::Status status) {
  MutexLock lock(mutex_);
  end_ = std::move(status);
  changed_.notify_one();
}

absl::StatusOr<std::string> BytePipe::Read() {
  MutexLock lock(mutex_);
  while (unread_.empty() && !end_.has_value()) changed_.wait(mutex_);
  if (end_.has_value() && !end_->ok()) return *end_;
  if (unread_.empty()) return "";
  std::string piece = std::move(unread_.front());
  unread_.pop_front();
  unread_bytes_ -= piece.size();
  changed_.notify_one();
  return piece;
}

void BytePipe::Leave() {
  MutexLock lock(mutex_);
  reader_left_ = true;
  unread_.clear();
  changed_.notify_one();
}

}  // namespace prepull
