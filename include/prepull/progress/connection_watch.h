// Follows the connections of the runtime while a run pulls, and ends those that
// are stuck: the pull behind one goes on, where a cut would end it.
//
// Not thread-safe.
#ifndef PREPULL_PROGRESS_CONNECTION_WATCH_H_
#define PREPULL_PROGRESS_CONNECTION_WATCH_H_

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/progress/silence_detector.h"
#include "prepull/run/run.h"
#include "prepull/runtime/connections.h"

namespace prepull {

class ConnectionWatch {
 public:
  struct Options {
    SilenceDetector::Options silence = {};
    // Else it looks only: the runtime would not go on with a body.
    bool may_end = true;
  };

  // What is handed over by reference outlives the watch.
  ConnectionWatch(const Options& options, Connections& connections, Run& run)
      : options_(options),
        connections_(connections),
        run_(run),
        detector_(options.silence) {}

  // Looks, and ends what is stuck.
  void Look(Instant now, const SilenceDetector::Surroundings& surroundings);

  // When to look again: after a second, or when a connection may be stuck.
  Instant NextLook() const;

  // An attempt failed with `error`.
  void OnFailed(Instant now, const absl::Status& error);

  // Whether it sees what the runtime downloads: something came, and it can
  // still look. Until then it says nothing about the pulls.
  bool SeesDownloads() const {
    return !is_off_ && detector_.moved_at() > Instant();
  }

  // When data came last, or a connection was ended so that it comes again.
  Instant moved_at() const { return std::max(detector_.moved_at(), resumes_); }

  // What the runtime received since the watch began.
  int64_t received_bytes() const { return detector_.received_bytes(); }

  // Whether the runtime has no connection, or only idle ones.
  bool is_idle() const { return detector_.is_idle(); }

 private:
  void End(Instant now, const StuckConnection& stuck);
  void StopWatching(const absl::Status& why);

  const Options options_;
  Connections& connections_;
  Run& run_;
  SilenceDetector detector_;
  std::optional<Instant> looked_;
  Instant resumes_ = Instant();  // the last body whose connection was ended
  bool is_off_ = false;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_CONNECTION_WATCH_H_
