// Sends what became of each attempt to a server of image-prefetcher's results
// (--metrics-endpoint).
//
// An attempt is sent when it ends, that of a pulled image with its size. A
// separate thread asks for that and sends, so that a slow server delays no
// pull; it tries again until the run is over, and then for as long as AwaitLast
// says.
// What it has no room for is dropped, the oldest first. Failures are warnings
// in the log and change nothing else. An image that was on the node already has
// no attempt, so nothing is sent of it.
#ifndef PREPULL_METRICS_RESULT_SUBMITTER_H_
#define PREPULL_METRICS_RESULT_SUBMITTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/metrics/attempt_result.h"
#include "prepull/run/run_observer.h"

namespace prepull {

// Returns the size in bytes of an image by the runtime's name for it, or
// nothing if the runtime does not say, or not soon. Called on the sending
// thread.
using AskSize = std::function<std::optional<int64_t>(
    const std::string& image_ref, const std::stop_token& stop)>;

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

  // Where sizes of images come from; without it they are not known. Called
  // before the first attempt; `ask` must be callable until AwaitLast returns.
  void AskSizes(AskSize ask);

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
  };

  // Sends what became of the attempt at `image`, if one has begun.
  void Send(const Run& run, const ImageOutcome& image);

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
