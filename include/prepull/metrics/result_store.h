// The results of a fleet: the newest in memory, all of them in a file if there
// is one.
//
// A result whose attempt is known already is dropped: senders that do not know
// whether they were heard say it again. What is in memory is bounded: the
// oldest goes first, and is known no more. The file is written by Save; while
// it cannot be, results wait in memory.
//
// Threads: safe to share.
#ifndef PREPULL_METRICS_RESULT_STORE_H_
#define PREPULL_METRICS_RESULT_STORE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "prepull/base/mutex.h"
#include "prepull/metrics/attempt_result.h"
#include "prepull/metrics/result_file.h"

namespace prepull {

// Of what is in memory.
struct StoreLimits {
  size_t results = 1'000'000;
  size_t bytes = size_t{256} << 20;
};

class ResultStore {
 public:
  explicit ResultStore(const StoreLimits& limits = {}) : limits_(limits) {}

  // Reads the file `path`, or creates it, and keeps the results there from now
  // on. Warns of what it could not read. Called before anything else. Errors:
  // as ResultFile::Open.
  absl::Status KeepIn(const std::string& path);

  // Returns false, and drops it, if its attempt is known.
  bool Add(const AttemptResult& result);

  // Writes what is not in the file yet, in one write and one sync for all who
  // wait for them. A failure is a warning in the log, once; then the next call
  // tries again.
  void Save();

  // The place behind the newest result.
  uint64_t end() const;

  // Returns the JSON of the results from place `from` up to `end`, about 64 KiB
  // of them, each behind a comma but for the first of all, and moves `from` on.
  // Returns "" at the end.
  std::string Slice(uint64_t& from, uint64_t end, bool& is_first) const;

 private:
  struct Entry {
    std::string id;
    std::string json;
  };

  bool Insert(const AttemptResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Lines that are not in the file yet, some MiB at most, and the place behind
  // them.
  std::string Unsaved(uint64_t& end) const;
  void Report(const absl::Status& saved)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mutex_);

  const StoreLimits limits_;

  // Held while the file is written: whoever comes meanwhile waits, and finds
  // that the next write is for all of them. Taken before mutex_.
  Mutex save_mutex_;
  std::optional<ResultFile> file_ ABSL_GUARDED_BY(save_mutex_);
  bool is_failing_ ABSL_GUARDED_BY(save_mutex_) = false;

  mutable Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  // Views of the entries' ids.
  absl::flat_hash_set<absl::string_view> ids_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t first_ ABSL_GUARDED_BY(mutex_) = 0;  // the place of the oldest
  uint64_t saved_ ABSL_GUARDED_BY(mutex_) = 0;  // the first not in the file
  bool has_dropped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace prepull

#endif  // PREPULL_METRICS_RESULT_STORE_H_
