// How the program of a fake runtime lives: it says "ready", and ends at
// SIGTERM or SIGINT.
#ifndef PREPULL_TEST_SUPPORT_CRI_STOP_SIGNALS_H_
#define PREPULL_TEST_SUPPORT_CRI_STOP_SIGNALS_H_

#include <csignal>
#include <cstdio>

namespace prepull {

class StopSignals {
 public:
  // Blocks the signals, also in all threads that are started from now on.
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  void SayReadyAndWait() const {
    std::puts("ready");
    std::fflush(stdout);
    int received = 0;
    sigwait(&signals_, &received);
  }

 private:
  sigset_t signals_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_STOP_SIGNALS_H_
