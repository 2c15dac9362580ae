// Progress where no terminal is: one log line an event, and a heartbeat when
// nothing was logged for half a minute, because silence looks like a hang.
#ifndef PREPULL_REPORT_PROGRESS_LOG_H_
#define PREPULL_REPORT_PROGRESS_LOG_H_

#include "prepull/report/rate_meter.h"
#include "prepull/run/run_observer.h"

namespace prepull {

class ProgressLog : public RunObserver {
 public:
  struct Options {
    int concurrency = 0;
    // Off where the result on standard output tells of each ended image and
    // ends in the same log: one event, one line.
    bool logs_ends = true;
  };

  explicit ProgressLog(Options options) : options_(options) {}

  void OnPlanned(const Run& run) override;
  void OnAttempt(const Run& run, const ImageOutcome& image) override;
  void OnRetry(const Run& run, const ImageOutcome& image,
               absl::Duration delay) override;
  void OnEnded(const Run& run, const ImageOutcome& image) override;
  Instant OnTurn(const Run& run, Instant now) override;

  void OnFinished(const Run& run, Instant now) override;

 private:
  void Beat(const Run& run, Instant now) const;

  const Options options_;
  bool was_quiet_ = true;
  Instant heartbeat_at_ = Instant::Never();
  RateMeter meter_;  // of the run
};

}  // namespace prepull

#endif  // PREPULL_REPORT_PROGRESS_LOG_H_
