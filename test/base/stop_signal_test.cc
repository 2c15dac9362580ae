#include "prepull/base/stop_signal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "test/support/shared_clock.h"

namespace prepull {
namespace {

constexpr absl::Duration kLongestStop = absl::Seconds(20);

// To the process, as a kubelet sends it: raise(3) would reach this thread only.
void Send(int signal) { ASSERT_EQ(kill(getpid(), signal), 0); }

// `signal` is ignored for as long as this lives.
class Ignored {
 public:
  explicit Ignored(int signal)
      : signal_(signal), before_(std::signal(signal, SIG_IGN)) {}
  ~Ignored() { std::signal(signal_, before_); }
  Ignored(const Ignored&) = delete;
  Ignored& operator=(const Ignored&) = delete;

 private:
  const int signal_;
  void (*const before_)(int);
};

// Tells how often it was looked at: once for each signal.
class WatchedClock : public SharedClock {
 public:
  Instant Now() const override {
    const Instant now = SharedClock::Now();
    ++looks_;
    return now;
  }
  void AwaitLooks(int count) const {
    while (looks_ < count) std::this_thread::yield();
  }

 private:
  mutable std::atomic<int> looks_ = 0;
};

class StopSignalTest : public ::testing::Test {
 protected:
  StopSignalTest() { pthread_sigmask(SIG_SETMASK, nullptr, &mask_before_); }
  ~StopSignalTest() override {
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

  WatchedClock clock_;

 private:
  sigset_t mask_before_;
};

TEST_F(StopSignalTest, AsksNobodyToStopUnlessASignalComes) {
  const StopSignal stop({}, clock_);

  EXPECT_FALSE(stop.token().stop_requested());
}

TEST_F(StopSignalTest, AsksAllToStopAtSigterm) {
  const StopSignal stop({}, clock_);
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });

  Send(SIGTERM);

  EXPECT_TRUE(stopped.WaitFor(kLongestStop));
}

TEST_F(StopSignalTest, AsksAllToStopAtSigint) {
  const StopSignal stop({}, clock_);
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });

  Send(SIGINT);

  EXPECT_TRUE(stopped.WaitFor(kLongestStop));
}

TEST_F(StopSignalTest, AsksAllToStopAtSighup) {
  const StopSignal stop({}, clock_);
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });

  Send(SIGHUP);

  EXPECT_TRUE(stopped.WaitFor(kLongestStop));
}

// As under nohup(1), or behind a shell's `&`.
TEST_F(StopSignalTest, LeavesIgnoredWhatCameIgnored) {
  const Ignored hangup(SIGHUP);
  const Ignored interrupt(SIGINT);
  const StopSignal stop({}, clock_);
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });

  Send(SIGHUP);
  Send(SIGINT);

  EXPECT_FALSE(stopped.WaitFor(absl::Milliseconds(50)));
}

// It is how a pod or a unit is stopped, whoever started it.
TEST_F(StopSignalTest, HearsSigtermThoughItCameIgnored) {
  const Ignored terminate(SIGTERM);
  const StopSignal stop({}, clock_);
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });

  Send(SIGTERM);

  EXPECT_TRUE(stopped.WaitFor(kLongestStop));
}

// A reaction may be slow; what it says is never worth a wait.
TEST_F(StopSignalTest, AsksBeforeItSaysSo) {
  std::promise<std::stop_token> token;
  Wakeup said;
  std::atomic<bool> asked_first = false;
  const StopSignal stop({.on_first =
                             [&] {
                               asked_first =
                                   token.get_future().get().stop_requested();
                               said.Notify();
                             }},
                        clock_);
  token.set_value(stop.token());

  Send(SIGTERM);

  ASSERT_TRUE(said.WaitFor(kLongestStop));
  EXPECT_TRUE(asked_first);
}

TEST_F(StopSignalTest, GivesTheSecondSignalItsOwnReaction) {
  std::atomic<int> firsts = 0;
  Wakeup first;
  Wakeup second;
  const StopSignal stop({.on_first =
                             [&] {
                               ++firsts;
                               first.Notify();
                             },
                         .on_second = [&second] { second.Notify(); }},
                        clock_);
  Send(SIGTERM);
  ASSERT_TRUE(first.WaitFor(kLongestStop));
  clock_.Advance(absl::Seconds(1));

  Send(SIGINT);

  EXPECT_TRUE(second.WaitFor(kLongestStop));
  EXPECT_EQ(firsts, 1);
}

// timeout(1) sends its signal to its child and to the child's group.
TEST_F(StopSignalTest, TakesASecondSignalWithinASecondForTheFirst) {
  std::atomic<int> seconds = 0;
  Wakeup second;
  const StopSignal stop({.on_second =
                             [&] {
                               ++seconds;
                               second.Notify();
                             }},
                        clock_);
  Send(SIGTERM);
  clock_.AwaitLooks(1);

  clock_.Advance(absl::Milliseconds(999));
  Send(SIGTERM);
  clock_.AwaitLooks(2);
  clock_.Advance(absl::Milliseconds(1));
  Send(SIGTERM);

  EXPECT_TRUE(second.WaitFor(kLongestStop));
  EXPECT_EQ(seconds, 1);
}

}  // namespace
}  // namespace prepull
