#include "test/support/fake_clock.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace prepull {

void FakeClock::WaitUntil(Instant until, Wakeup& wakeup) {
  while (!wakeup.Clear()) {
    if (events_.empty() || events_.begin()->first > until) {
      if (until == Instant::Never()) {
        std::fputs("FakeClock: a wait that nothing ends\n", stderr);
        std::abort();
      }
      now_ = std::max(now_, until);
      return;
    }
    RunNext();
  }
}

void FakeClock::Advance(absl::Duration d) {
  const Instant until = now_ + d;
  while (!events_.empty() && events_.begin()->first <= until) RunNext();
  now_ = until;
}

void FakeClock::RunNext() {
  auto next = events_.extract(events_.begin());
  now_ = std::max(now_, next.key());
  next.mapped()();
}

}  // namespace prepull
