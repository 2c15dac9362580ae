// SIGTERM, SIGINT and SIGHUP as a stop_token: the first requests a stop, the
// second ends the process at once.
//
// A second signal within a second of the first counts as the same: timeout(1)
// signals both the child and its group. SIGHUP and SIGINT that were ignored at
// the start, as by nohup(1) or a shell's `&`, stay ignored; SIGTERM never is,
// because it stops pods and units.
// Created first in main, before any other thread, because it blocks the signals
// for all threads and receives them on its own.
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
    std::function<void()> on_first = nullptr;   // after the stop request
    std::function<void()> on_second = nullptr;  // must end the process
  };

  // Calls the reactions on the signal thread; they must not block on a stream.
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
