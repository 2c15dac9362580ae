// Sends what became of each attempt to a server of image-prefetcher's results
// (--metrics-endpoint).
//
// A failed attempt is sent when it ends; one that pulled its image when the
// size of the image is known, which is when the node has been asked at the end
// of the run. A separate thread sends, so that a slow server delays no pull; it
// tries again until the run is over, and then for as long as AwaitLast says.
// What it has no room for is dropped, the oldest first. Failures are warnings
// in the log and change nothing else. An image that was on the node already has
// no attempt, so nothing is sent of it.
#ifndef PREPULL_METRICS_RESULT_SUBMITTER_H_
#define PREPULL_METRICS_RESULT_SUBMITTER_H_

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/metrics/attempt_result.h"
#include "prepull/run/run_observer.h"

namespace prepull {

struct SubmitOptions {
  std::string endpoint = "";  // "HOST:PORT"; "" = nothing is sent
  size_t queue = 10000;       // results that wait
  absl::Duration last_timeout = absl::Seconds(10);
  absl::Duration last_after_stop = absl::Seconds(1);
};

class ResultSubmitter : public RunObserver {
 public:
  // `clock` must outlive it.
  ResultSubmitter(SubmitOptions options, Clock& clock, std::stop_token stop);
  // Gives up what is not sent.
  ~ResultSubmitter() override;

  void OnStarted(const Run& run) override;
  void OnAttempt(const Run& run, const ImageOutcome& image) override;
  void OnRetry(const Run& run, const ImageOutcome& image,
               absl::Duration delay) override;
  void OnEnded(const Run& run, const ImageOutcome& image) override;
  void OnRunEnded(const Run& run) override;
  void OnFinished(const Run& run, Instant) override { OnRunEnded(run); }

  // Waits until all is sent: at most `last_timeout` from OnRunEnded, or
  // `last_after_stop` after a stop.
  void AwaitLast();

 private:
  class Sender;

  // An attempt that has begun.
  struct Attempt {
    int number = 0;  // of its image
    Instant start;
    absl::Time wall_start;
    bool has_pulled = false;  // its size is not known yet
    absl::Duration took = absl::ZeroDuration();
  };

  void Fail(const Run& run, const ImageOutcome& image);
  void Send(const Run& run, const ImageOutcome& image, const Attempt& attempt,
            std::string error);

  const SubmitOptions options_;
  Clock& clock_;
  const std::stop_token stop_;
  std::unique_ptr<Sender> sender_;  // null: nothing is sent
  bool is_told_ = false;            // from OnStarted to OnRunEnded
  Instant last_until_;
  // By the place of the image in the list.
  std::map<size_t, Attempt> open_;
};

}  // namespace prepull

#endif  // PREPULL_METRICS_RESULT_SUBMITTER_H_
