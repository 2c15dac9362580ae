#include "prepull/base/stop_signal.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cassert>
#include <csignal>
#include <utility>

namespace prepull {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

StopSignal::StopSignal(Reactions reactions)
    : quit_fd_(eventfd(0, EFD_CLOEXEC)) {
  assert(quit_fd_ >= 0);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  receiver_ = std::thread(
      [this, reactions = std::move(reactions)] { Receive(reactions); });
}

StopSignal::~StopSignal() {
  eventfd_write(quit_fd_, 1);
  receiver_.join();
  close(quit_fd_);
}

void StopSignal::Receive(const Reactions& reactions) {
  const sigset_t signals = StopSignals();
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  assert(signal_fd >= 0);
  pollfd watched[] = {{signal_fd, POLLIN, 0}, {quit_fd_, POLLIN, 0}};
  while (true) {
    if (poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) break;
    signalfd_siginfo received;
    if (read(signal_fd, &received, sizeof(received)) != sizeof(received)) {
      continue;
    }
    if (stop_.stop_requested()) {
      if (reactions.on_second) reactions.on_second();
      continue;
    }
    if (reactions.on_first) reactions.on_first();
    stop_.request_stop();
  }
  close(signal_fd);
}

}  // namespace prepull
