#include "prepull/run/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/runs.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant kRunNow = Instant(absl::Hours(1));
const absl::Time kRunWallNow = absl::FromUnixSeconds(1767323045);

TEST(RunTest, KnowsNothingAtItsStartButWhatItIsGiven) {
  const prepull::Run run({.id = "6f0c",
                          .node = "worker-1",
                          .start = kRunNow,
                          .overall_timeout = absl::Minutes(20)});

  EXPECT_EQ(run.id(), "6f0c");
  EXPECT_EQ(run.node(), "worker-1");
  EXPECT_EQ(run.deadline(), kRunNow + absl::Minutes(20));
  EXPECT_FALSE(run.list_known());
  EXPECT_EQ(run.phase(), Phase::kPreparing);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  EXPECT_EQ(run.finished_at(), std::nullopt);
}

TEST(RunTest, CountsTheImagesOfItsListByTheirStates) {
  prepull::Run run;

  run.EnterList({{.image = "a:1"},
                 {.image = "b:1"},
                 {.image = "?", .state = ImageState::kFailed}});

  EXPECT_TRUE(run.list_known());
  EXPECT_EQ(run.total(), 3);
  EXPECT_EQ(run.counts().waiting, 2);
  EXPECT_EQ(run.counts().failed, 1);
}

TEST(RunTest, AnEmptyListIsKnownToo) {
  prepull::Run run;

  run.EnterList({});

  EXPECT_TRUE(run.list_known());
  EXPECT_EQ(run.total(), 0);
}

TEST(RunTest, CountsAnImageWhereItIsMovedTo) {
  prepull::Run run = RunWith({.waiting = 2});

  run.Move(run.images()[0], ImageState::kPulling);
  run.Move(run.images()[1], ImageState::kPulling);
  run.Move(run.images()[0], ImageState::kPulled);

  EXPECT_EQ(run.images()[0].state, ImageState::kPulled);
  EXPECT_EQ(run.counts().waiting, 0);
  EXPECT_EQ(run.counts().pulling, 1);
  EXPECT_EQ(run.counts().pulled, 1);
}

TEST(RunTest, SaysHowItEnded) {
  prepull::Run run = RunWith({.pulled = 1, .failed = 1});
  run.BeginPulling();

  run.End({.code = ExitCode::kOk, .tolerated = true}, kRunWallNow);

  EXPECT_EQ(run.phase(), Phase::kSucceeded);
  EXPECT_EQ(run.exit_code(), ExitCode::kOk);
  EXPECT_TRUE(run.tolerated());
  EXPECT_EQ(run.finished_at(), kRunWallNow);
}

TEST(RunTest, StopsWhatHasNoEndWhenItIsBrokenOff) {
  prepull::Run run = RunOf({{.image = "a:1"},
                            {.image = "b:1",
                             .state = ImageState::kPulling,
                             .started_at = kRunNow - absl::Seconds(5)},
                            {.image = "c:1", .state = ImageState::kPulled}});

  run.BreakOff({.code = ExitCode::kStopped, .phase = Phase::kInterrupted},
               Reason::kInterrupted, kRunNow, kRunWallNow);

  EXPECT_EQ(run.counts().stopped, 2);
  EXPECT_EQ(run.counts().pulled, 1);
  EXPECT_EQ(run.images()[1].reason, Reason::kInterrupted);
  EXPECT_EQ(run.images()[1].took, absl::Seconds(5));
  EXPECT_EQ(run.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(run.reason(), Reason::kNone);
}

TEST(RunTest, IsRestoredAsItWasRecorded) {
  const prepull::Run run =
      Run::Restore({.given = {.id = "6f0c"},
                    .list_known = true,
                    .images = {{.state = ImageState::kSkipped}, {}},
                    .not_usable = {"quay.io/a:1"},
                    .phase = Phase::kPulling});

  EXPECT_EQ(run.id(), "6f0c");
  EXPECT_EQ(run.counts().skipped, 1);
  EXPECT_EQ(run.counts().waiting, 1);
  EXPECT_EQ(run.phase(), Phase::kPulling);
  EXPECT_THAT(run.not_usable(), ElementsAre("quay.io/a:1"));
}

TEST(RunTest, ForgetsWhatIsUsableAgain) {
  prepull::Run run;
  run.MarkNotUsable("quay.io/a:1");
  run.MarkNotUsable("quay.io/a:1");

  run.ClearNotUsable("quay.io/a:1");
  run.ClearNotUsable("quay.io/b:1");

  EXPECT_THAT(run.not_usable(), IsEmpty());
}

}  // namespace
}  // namespace prepull
