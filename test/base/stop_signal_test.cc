#include "prepull/base/stop_signal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>

#include "prepull/base/clock.h"

namespace prepull {
namespace {

constexpr absl::Duration kLongestStop = absl::Seconds(20);

// To the process, as a kubelet sends it: raise(3) would reach this thread only.
void Send(int signal) { ASSERT_EQ(kill(getpid(), signal), 0); }

class StopSignalTest : public ::testing::Test {
 protected:
  StopSignalTest() { pthread_sigmask(SIG_SETMASK, nullptr, &mask_before_); }
  ~StopSignalTest() override {
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

 private:
  sigset_t mask_before_;
};

TEST_F(StopSignalTest, AsksNobodyToStopUnlessASignalComes) {
  const StopSignal stop({});

  EXPECT_FALSE(stop.token().stop_requested());
}

TEST_F(StopSignalTest, AsksAllToStopAtSigterm) {
  const StopSignal stop({});
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });

  Send(SIGTERM);

  EXPECT_TRUE(stopped.WaitFor(kLongestStop));
}

TEST_F(StopSignalTest, AsksAllToStopAtSigint) {
  const StopSignal stop({});
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });

  Send(SIGINT);

  EXPECT_TRUE(stopped.WaitFor(kLongestStop));
}

TEST_F(StopSignalTest, SaysSoBeforeItAsks) {
  std::stop_token token;
  std::atomic<bool> said_first = false;
  const StopSignal stop({.on_first = [&token, &said_first] {
    said_first = !token.stop_requested();
  }});
  token = stop.token();
  Wakeup stopped;
  std::stop_callback told(token, [&stopped] { stopped.Notify(); });

  Send(SIGTERM);

  ASSERT_TRUE(stopped.WaitFor(kLongestStop));
  EXPECT_TRUE(said_first);
}

TEST_F(StopSignalTest, GivesTheSecondSignalItsOwnReaction) {
  std::atomic<int> firsts = 0;
  Wakeup second;
  const StopSignal stop({.on_first = [&firsts] { ++firsts; },
                         .on_second = [&second] { second.Notify(); }});
  Wakeup stopped;
  std::stop_callback told(stop.token(), [&stopped] { stopped.Notify(); });
  Send(SIGTERM);
  ASSERT_TRUE(stopped.WaitFor(kLongestStop));
  ASSERT_FALSE(second.Take());

  Send(SIGINT);

  EXPECT_TRUE(second.WaitFor(kLongestStop));
  EXPECT_EQ(firsts, 1);
}

}  // namespace
}  // namespace prepull
