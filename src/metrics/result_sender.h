// Sends results to a server, on a thread of its own.
#ifndef PREPULL_SRC_METRICS_RESULT_SENDER_H_
#define PREPULL_SRC_METRICS_RESULT_SENDER_H_

#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "prepull/base/random.h"
#include "prepull/metrics/attempt_result.h"
#include "prepull/metrics/result_submitter.h"

namespace prepull {

// Threads: Give, Close and AwaitSent from one.
class ResultSender {
 public:
  // `endpoint`: a gRPC target, "HOST:PORT". `queue`: how many may wait.
  ResultSender(const std::string& endpoint, size_t queue, Clock& clock);
  // Gives up what is not sent.
  ~ResultSender();
  ResultSender(const ResultSender&) = delete;
  ResultSender& operator=(const ResultSender&) = delete;

  // How sizes are found; see ResultSubmitter.
  void AskSizes(AskSize ask);

  // Never waits: the oldest that waits is dropped if there is no room.
  // `image_ref`: of the image whose size is to be asked for; may be empty.
  void Give(AttemptResult result, std::string image_ref);

  // No more comes; what is not sent by `until` is given up.
  void Close(Instant until);

  // After Close: waits until all is sent or given up, which is earlier after a
  // stop: `after_stop` from then, or from now. Says in the log how it ended.
  void AwaitSent(Instant until, const std::stop_token& stop,
                 absl::Duration after_stop);

 private:
  class Stub;  // of gRPC
  class Call;

  struct Waiting {
    AttemptResult result;
    std::string image_ref = "";
  };

  void Work();
  void FindSizes(std::vector<Waiting>& results);
  // Waits for results; returns those to send now, none at the end.
  std::vector<Waiting> Next();
  // Waits for the moment of another try; returns false if none will come.
  bool WaitForRetry();
  absl::Status Send(const std::vector<Waiting>& results);
  void Finish(const std::vector<Waiting>& results, const absl::Status& sent);
  void GiveUp();
  bool is_over();

  const std::string endpoint_;
  const size_t max_waiting_;
  Clock& clock_;
  const std::unique_ptr<Stub> stub_;
  RollDice roll_dice_ = SystemDice();
  std::stop_source asking_;
  int failures_ = 0;  // in a row; of the thread
  Wakeup given_;      // for the thread
  Wakeup over_;       // for AwaitSent
  Mutex mutex_;
  AskSize ask_size_ ABSL_GUARDED_BY(mutex_);
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t sent_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  Instant until_ ABSL_GUARDED_BY(mutex_) = Instant::Never();
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_given_up_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_over_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status last_error_ ABSL_GUARDED_BY(mutex_);
  Call* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::jthread thread_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_METRICS_RESULT_SENDER_H_
