#include "prepull/metrics/result_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kSliceBytes = 64 << 10;
constexpr size_t kWriteBytes = 4 << 20;
// What an entry takes beside its text: strings, their blocks, its place.
constexpr size_t kEntryBytes = 160;

}  // namespace

absl::Status ResultStore::KeepIn(const std::string& path) {
  MutexLock save_lock(save_mutex_);
  int64_t unreadable = 0;
  absl::StatusOr<ResultFile> file =
      ResultFile::Open(path, [&](absl::string_view line) {
        const absl::StatusOr<AttemptResult> result = ParseResultJson(line);
        if (!result.ok()) {
          ++unreadable;
          return;
        }
        MutexLock lock(mutex_);
        Insert(*result);
        saved_ = first_ + entries_.size();
      });
  RETURN_IF_ERROR(file.status());
  file_.emplace(*std::move(file));
  const ResultFile::Contents& contents = file_->contents();
  if (contents.torn_bytes > 0) {
    Log(LogLevel::kWarn, "data file ends in a torn line, which is cut off",
        {{"file", path}, {"bytes", contents.torn_bytes}});
  }
  if (unreadable > 0) {
    Log(LogLevel::kWarn, "data file has lines that are no results",
        {{"file", path}, {"lines", unreadable}});
  }
  Log(LogLevel::kInfo, "data file read",
      {{"file", path}, {"results", contents.lines - unreadable}});
  return absl::OkStatus();
}

bool ResultStore::Add(const AttemptResult& result) {
  MutexLock lock(mutex_);
  return Insert(result);
}

bool ResultStore::Insert(const AttemptResult& result) {
  if (ids_.contains(absl::string_view(result.attempt_id))) return false;
  // A deque does not move its elements, so views of them stay.
  const Entry& entry =
      entries_.emplace_back(Entry{result.attempt_id, ResultJson(result)});
  ids_.insert(entry.id);
  bytes_ += entry.id.size() + entry.json.size() + kEntryBytes;
  while (entries_.size() > limits_.results || bytes_ > limits_.bytes) {
    DropOldest();
  }
  return true;
}

void ResultStore::DropOldest() {
  const Entry& oldest = entries_.front();
  ids_.erase(oldest.id);
  bytes_ -= oldest.id.size() + oldest.json.size() + kEntryBytes;
  entries_.pop_front();
  ++first_;
  saved_ = std::max(saved_, first_);
  if (std::exchange(has_dropped_, true)) return;
  Log(LogLevel::kWarn, "too many results: the oldest are not served any more",
      {{"results", static_cast<int64_t>(entries_.size())}});
}

void ResultStore::Save() {
  MutexLock save_lock(save_mutex_);
  while (file_) {
    uint64_t end = 0;
    const std::string lines = Unsaved(end);
    if (lines.empty()) return;
    const absl::Status saved = file_->Append(lines);
    Report(saved);
    if (!saved.ok()) return;
    MutexLock lock(mutex_);
    saved_ = std::max(saved_, end);
  }
}

std::string ResultStore::Unsaved(uint64_t& end) const {
  MutexLock lock(mutex_);
  std::string lines;
  for (end = saved_; end - first_ < entries_.size(); ++end) {
    if (lines.size() >= kWriteBytes) break;
    absl::StrAppend(&lines, entries_[end - first_].json, "\n");
  }
  return lines;
}

void ResultStore::Report(const absl::Status& saved) {
  if (saved.ok() == !is_failing_) return;
  is_failing_ = !saved.ok();
  if (saved.ok()) {
    Log(LogLevel::kInfo, "results are saved again");
  } else {
    Log(LogLevel::kWarn, "results are not saved, only in memory",
        {{"error", saved.message()}});
  }
}

uint64_t ResultStore::end() const {
  MutexLock lock(mutex_);
  return first_ + entries_.size();
}

std::string ResultStore::Slice(uint64_t& from, uint64_t end,
                               bool& is_first) const {
  MutexLock lock(mutex_);
  std::string slice;
  // Some may have been dropped since.
  for (from = std::max(from, first_); from < end && slice.size() < kSliceBytes;
       ++from) {
    absl::StrAppend(&slice, std::exchange(is_first, false) ? "" : ",",
                    entries_[from - first_].json);
  }
  return slice;
}

}  // namespace prepull
