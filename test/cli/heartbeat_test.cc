#include "src/cli/heartbeat.h"

#include <gtest/gtest.h>

#include <latch>

#include "prepull/pull/run.h"

namespace prepull {
namespace {

// Wants its next turn at once.
class Counting : public RunObserver {
 public:
  Instant OnTurn(const Run&, Instant now) override {
    if (left_ > 0 && --left_ == 0) enough.count_down();
    return now;
  }

  std::latch enough{1};

 private:
  int left_ = 3;
};

TEST(HeartbeatTest, GivesTurnsUntilItEnds) {
  SystemClock clock;
  const struct Run run;
  Counting observer;

  const Heartbeat heartbeat(observer, run, clock);

  observer.enough.wait();
}

// Would wait for ever.
class Patient : public RunObserver {
 public:
  Instant OnTurn(const Run&, Instant) override {
    turn.count_down();
    return Instant::Never();
  }

  std::latch turn{1};
};

TEST(HeartbeatTest, EndsInTheMiddleOfAPause) {
  SystemClock clock;
  const struct Run run;
  Patient observer;

  const Heartbeat heartbeat(observer, run, clock);

  observer.turn.wait();
}

}  // namespace
}  // namespace prepull
