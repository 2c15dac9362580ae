// Gives an observer its turns while the run itself is busy with something
// that does not, such as a registry that takes its time.
#ifndef PREPULL_CLI_HEARTBEAT_H_
#define PREPULL_CLI_HEARTBEAT_H_

#include <thread>

#include "prepull/base/clock.h"
#include "prepull/pull/run_observer.h"

namespace prepull {

// Threads: as long as this lives, the observer belongs to its thread, and
// `run` must not change.
class Heartbeat {
 public:
  Heartbeat(RunObserver& observer, const Run& run, Clock& clock)
      : thread_([this, &observer, &run, &clock](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            clock.WaitUntil(observer.OnTurn(run, clock.Now()), wakeup_);
          }
        }) {}

  ~Heartbeat() {
    thread_.request_stop();
    wakeup_.Notify();
  }

 private:
  Wakeup wakeup_;
  std::jthread thread_;  // ends before the wakeup does
};

}  // namespace prepull

#endif  // PREPULL_CLI_HEARTBEAT_H_
