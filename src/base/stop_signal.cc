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

// What comes sooner is the first signal once more.
constexpr absl::Duration kSameSignal = absl::Seconds(1);

bool IsIgnored(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  for (const int signal : {SIGINT, SIGHUP}) {
    if (!IsIgnored(signal)) sigaddset(&signals, signal);
  }
  return signals;
}

}  // namespace

StopSignal::StopSignal(Reactions reactions, const Clock& clock)
    : clock_(clock),
      signals_(StopSignals()),
      quit_fd_(eventfd(0, EFD_CLOEXEC)) {
  assert(quit_fd_ >= 0);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  receiver_ = std::thread(
      [this, reactions = std::move(reactions)] { Receive(reactions); });
}

StopSignal::~StopSignal() {
  eventfd_write(quit_fd_, 1);
  receiver_.join();
  close(quit_fd_);
}

void StopSignal::Receive(const Reactions& reactions) {
  const int signal_fd = signalfd(-1, &signals_, SFD_CLOEXEC);
  assert(signal_fd >= 0);
  pollfd watched[] = {{signal_fd, POLLIN, 0}, {quit_fd_, POLLIN, 0}};
  while (true) {
    if (poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) break;
    signalfd_siginfo received;
    if (read(signal_fd, &received, sizeof(received)) != sizeof(received)) {
      continue;
    }
    React(reactions);
  }
  close(signal_fd);
}

void StopSignal::React(const Reactions& reactions) {
  const Instant now = clock_.Now();
  if (!first_) {
    first_ = now;
    stop_.request_stop();
    if (reactions.on_first) reactions.on_first();
  } else if (now - *first_ >= kSameSignal) {
    if (reactions.on_second) reactions.on_second();
  }
}

}  // namespace prepull
