// SIGTERM and SIGINT as a stop_token: the first asks everyone to stop, the
// second ends the process at once.
//
// Made first thing in main, before any other thread, because it blocks the
// two signals for all of them and receives them on a thread of its own.
#ifndef PREPULL_BASE_STOP_SIGNAL_H_
#define PREPULL_BASE_STOP_SIGNAL_H_

#include <functional>
#include <stop_token>
#include <thread>

namespace prepull {

class StopSignal {
 public:
  struct Reactions {
    std::function<void()> on_first = nullptr;   // before the token says stop
    std::function<void()> on_second = nullptr;  // must end the process
  };

  // The reactions are called on the signal thread.
  explicit StopSignal(Reactions reactions);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  void Receive(const Reactions& reactions);

  std::stop_source stop_;
  int quit_fd_;
  std::thread receiver_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_STOP_SIGNAL_H_
