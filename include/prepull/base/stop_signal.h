// SIGTERM, SIGINT and SIGHUP as a stop_token: the first asks everyone to stop,
// the second ends the process at once.
//
// A second one within a second of the first is the same: timeout(1) sends its
// own to the child and to the child's group. SIGHUP and SIGINT that came
// ignored, as from nohup(1) or a shell's `&`, stay ignored; SIGTERM never is,
// because it is how pods and units are stopped.
// Made first thing in main, before any other thread, because it blocks the
// signals for all of them and receives them on a thread of its own.
#ifndef PREPULL_BASE_STOP_SIGNAL_H_
#define PREPULL_BASE_STOP_SIGNAL_H_

#include <csignal>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include "prepull/base/clock.h"

namespace prepull {

class StopSignal {
 public:
  struct Reactions {
    std::function<void()> on_first = nullptr;   // the token says stop already
    std::function<void()> on_second = nullptr;  // must end the process
  };

  // The reactions are called on the signal thread; none may wait for a stream.
  StopSignal(Reactions reactions, const Clock& clock);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  void Receive(const Reactions& reactions);
  void React(const Reactions& reactions);

  const Clock& clock_;
  const sigset_t signals_;
  std::optional<Instant> first_;  // the signal thread's
  std::stop_source stop_;
  int quit_fd_;
  std::thread receiver_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_STOP_SIGNAL_H_
