// A call to the runtime that is under way, and how the optional services are
// called.
//
// An asynchronous call's callback comes once, on another thread: with the
// answer, with DEADLINE_EXCEEDED after the call's `timeout` or with CANCELLED
// after Cancel. A runtime may refuse each call with UNIMPLEMENTED.
#ifndef PREPULL_RUNTIME_RUNNING_CALL_H_
#define PREPULL_RUNTIME_RUNNING_CALL_H_

#include <functional>
#include <stop_token>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace prepull {

// Destroying it does not end the call; Cancel does, and the call's callback
// still comes. Threads: Cancel from any.
class RunningCall {
 public:
  virtual ~RunningCall() = default;
  virtual void Cancel() = 0;
};

template <typename Answer>
using AnswerDone = std::function<void(absl::StatusOr<Answer>)>;
using CallDone = std::function<void(absl::Status)>;

// How long a synchronous call may take.
struct CallLimit {
  absl::Duration timeout = absl::Seconds(10);
  std::stop_token stop = {};
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_RUNNING_CALL_H_
