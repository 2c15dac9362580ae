#include "src/registry/byte_pipe.h"

#include <utility>

namespace prepull {

absl::Status BytePipe::Write(absl::string_view bytes) {
  MutexLock lock(mutex_);
  while (!reader_left_ && unread_.size() >= kMostBytes) changed_.wait(mutex_);
  if (reader_left_) return absl::CancelledError("nobody reads on");
  unread_.append(bytes.data(), bytes.size());
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
  changed_.notify_one();
  return std::exchange(unread_, "");
}

void BytePipe::Leave() {
  MutexLock lock(mutex_);
  reader_left_ = true;
  unread_.clear();
  changed_.notify_one();
}

}  // namespace prepull
