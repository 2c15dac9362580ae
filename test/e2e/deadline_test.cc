// The end of a run that is a time of day: --deadline, PREPULL_DEADLINE.
#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Lt;

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

class DeadlineTest : public E2eTest {};

TEST_F(DeadlineTest, EndsARunThatOverallTimeoutWouldLetGoOn) {
  server_.ScriptTheRest(Forever());
  const absl::Time begun = absl::Now();

  const Ended fetch =
      Fetch({"quay.io/a:1", "--overall-timeout", "1h", "--deadline",
             TimeText(begun + absl::Milliseconds(1500))});

  EXPECT_THAT(fetch, ExitsWith(3));
  EXPECT_THAT(absl::Now() - begun, Lt(absl::Seconds(10)));
  EXPECT_EQ(Status("/phase"), "TimedOut");
  EXPECT_EQ(Status("/images/0/reason"), "Timeout");
}

TEST_F(DeadlineTest, LeavesOverallTimeoutWhereThatIsEarlier) {
  server_.ScriptTheRest(Forever());

  EXPECT_THAT(Fetch({"quay.io/a:1", "--overall-timeout", "300ms", "--deadline",
                     TimeText(absl::Now() + absl::Hours(1))}),
              ExitsWith(3));
}

TEST_F(DeadlineTest, CountsADurationFromTheStart) {
  server_.ScriptTheRest(Forever());

  EXPECT_THAT(Fetch({"quay.io/a:1", "--deadline", "300ms"}), ExitsWith(3));
}

TEST_F(DeadlineTest, PullsNothingOnceItHasPassed) {
  ProcessSetup setup = FetchSetup({"quay.io/a:1"});
  setup.environment["PREPULL_DEADLINE"] = "2020-02-29T04:00:00+02:00";

  const Ended fetch = RunProcess(setup);

  EXPECT_THAT(fetch, ExitsWith(3));
  EXPECT_THAT(fetch.err, EndsWith("out of time with 1 image to go: run it "
                                  "again to continue\n"));
  EXPECT_THAT(server_.pulls(), IsEmpty());
  EXPECT_EQ(Status("/phase"), "TimedOut");
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
}

TEST_F(DeadlineTest, IsADurationOrATimeAndNothingElse) {
  for (const char* time :
       {"tomorrow", "infinite-future", "2026-12-24", "2026-12-24T04:00",
        "2026-13-24T04:00:00Z", " 2026-12-24T04:00:00Z", ""}) {
    const Ended fetch = Fetch({"quay.io/a:1", "--deadline", time});
    EXPECT_THAT(fetch, ExitsWith(2)) << time;
    EXPECT_THAT(fetch.err, HasSubstr("expected a duration, or a time as "
                                     "2026-12-24T04:00:00Z"));
  }
}

}  // namespace
}  // namespace prepull
