#include "src/pull/start_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/schedule.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

TEST(StartOrderTest, NeverFetchesALayerTwice) {
  Schedule schedule(4, 10);
  schedule.Begin();
  schedule.Know(0, {"base", "a"});
  schedule.Know(1, {"base", "b"});
  schedule.Know(2, {"other"});
  schedule.Know(3, {"base", "c"});

  EXPECT_THAT(schedule.StartAll(), ElementsAre(0, 2));
  schedule.End(2, true);
  EXPECT_THAT(schedule.StartAll(), IsEmpty());
  schedule.End(0, true);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(1, 3));
}

TEST(StartOrderTest, StartsOthersOnceTheirLayerIsCommitted) {
  Schedule schedule(4, 10);
  schedule.Begin();
  schedule.Know(0, {"base", "middle", "a"});
  schedule.Know(1, {"base", "middle", "b"});
  schedule.Know(2, {"base", "c"});
  schedule.Know(3, {"base", "c", "d"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));

  schedule.Commit({.digests = {"base"}});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(2));
  schedule.Commit({.digests = {"base", "middle"}});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(1));
  schedule.Commit({.digests = {"base", "middle", "c"}});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(3));
}

TEST(StartOrderTest, HoldsNobodyBackForWhatWasThereBefore) {
  Schedule schedule(2, 10);
  schedule.Commit({.digests = {"base"}});
  schedule.Begin();
  schedule.Know(0, {"base", "a"});
  schedule.Know(1, {"base", "b"});

  EXPECT_THAT(schedule.StartAll(), ElementsAre(0, 1));
}

TEST(StartOrderTest, KeepsACommittedLayerOfAPullThatFailed) {
  Schedule schedule(3, 10);
  schedule.Begin();
  for (size_t i = 0; i < 3; ++i) schedule.Know(i, {"base"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
  schedule.Commit({.digests = {"base"}});

  schedule.End(0, false);

  EXPECT_THAT(schedule.StartAll(), ElementsAre(1, 2));
}

TEST(StartOrderTest, FetchesALayerAnewThatTheNodeHasRemoved) {
  Schedule schedule(2, 10);
  schedule.Commit({.digests = {"base"}});
  schedule.Begin();
  schedule.Know(0, {"base", "a"});
  schedule.Know(1, {"base", "b"});

  schedule.Commit({});

  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
}

TEST(StartOrderTest, CountsCommittedLayersAsThere) {
  Schedule schedule(2, 10);
  schedule.Commit({.digests = {"base"}});
  schedule.Begin();
  schedule.Know(0, {"base", "a"});
  schedule.Know(1, {"base", "b"});
  EXPECT_THAT(schedule.order().NeededBytes(), Optional(20));
  EXPECT_EQ(schedule.run().bytes().done, 10);
  EXPECT_EQ(schedule.run().images()[1].bytes_done, 10);

  schedule.Commit({.digests = {"base", "a"}});

  EXPECT_THAT(schedule.order().NeededBytes(), Optional(20));
  EXPECT_EQ(schedule.run().bytes().done, 20);
  EXPECT_THAT(schedule.run().bytes().total, Optional(30));
  EXPECT_EQ(schedule.run().images()[0].bytes_done, 20);
}

TEST(StartOrderTest, FetchesALayerAnewThatAFailedPullHasLost) {
  Schedule schedule(3, 10);
  schedule.Begin();
  for (size_t i = 0; i < 3; ++i) schedule.Know(i, {"base"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));

  schedule.End(0, false);

  EXPECT_THAT(schedule.StartAll(), ElementsAre(1));
  schedule.End(1, true);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(2));
}

TEST(StartOrderTest, PullsOneAloneWhoseManifestIsStillRead) {
  Schedule schedule(3, 10);
  schedule.Begin();
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));

  schedule.Know(1, {"b"});
  EXPECT_THAT(schedule.StartAll(), IsEmpty());

  schedule.Know(0, {"a"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(1));
  schedule.Know(2, {"c"});
  EXPECT_THAT(schedule.StartAll(), ElementsAre(2));
}

TEST(StartOrderTest, PullsOneBlindAloneAndThenThree) {
  Schedule schedule(6, 10, /*reads_manifests=*/false);
  schedule.Begin();

  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
  schedule.End(0, false);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(1, 2, 3));
  schedule.End(2, true);
  EXPECT_THAT(schedule.StartAll(), ElementsAre(4));
}

TEST(StartOrderTest, StartsFirstWhatUnlocksMost) {
  Schedule schedule(5, 2);
  schedule.Begin();
  schedule.Know(0, {"w"});
  schedule.Know(1, {"x"});
  schedule.Know(2, {"y", "x"});
  schedule.Know(3, {"y"});
  schedule.Know(4, {"z"});

  EXPECT_THAT(schedule.StartAll(), ElementsAre(2, 0));
}

TEST(StartOrderTest, DoesNotAskDockerHub) {
  Schedule schedule(2, 10, true, "docker.io");

  schedule.Begin();

  EXPECT_THAT(schedule.reader().images(), IsEmpty());
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
}

TEST(StartOrderTest, DoesNotAskForAnImageWithASecretOfItsOwn) {
  Schedule schedule(2, 10);
  schedule.request(1).options.secret = "team";

  schedule.Begin();

  EXPECT_THAT(schedule.reader().images(), SizeIs(1));
}

TEST(StartOrderTest, CountsTheBytesOfSharedLayersOnce) {
  Schedule schedule(2, 10);
  schedule.Begin();
  schedule.Know(0, {"base", "a"});
  EXPECT_EQ(schedule.order().NeededBytes(), std::nullopt);
  EXPECT_EQ(schedule.run().bytes().total, std::nullopt);
  EXPECT_THAT(schedule.run().images()[0].bytes_total, Optional(20));

  schedule.Know(1, {"base", "b", "b"});

  EXPECT_THAT(schedule.order().NeededBytes(), Optional(30));
  EXPECT_THAT(schedule.run().bytes().total, Optional(30));
  EXPECT_THAT(schedule.run().images()[1].bytes_total, Optional(20));
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
  schedule.End(0, true);
  EXPECT_EQ(schedule.run().bytes().done, 20);
  EXPECT_THAT(schedule.order().NeededBytes(), Optional(30));
}

TEST(StartOrderTest, CountsAnImageThatWasPulledBeforeItsManifestCame) {
  Schedule schedule(1, 10);
  schedule.Begin();
  EXPECT_THAT(schedule.StartAll(), ElementsAre(0));
  schedule.End(0, true);

  schedule.Know(0, {"a"});

  EXPECT_EQ(schedule.run().bytes().done, 10);
  EXPECT_EQ(schedule.run().images()[0].bytes_done, 10);
}

TEST(StartOrderTest, WaitsAMomentForTheManifests) {
  Schedule schedule(2, 10);
  const Instant begun = schedule.clock().Now();
  schedule.Begin();
  EXPECT_EQ(schedule.order().ready_at(), begun + absl::Seconds(1));

  schedule.Know(0, {});
  schedule.CannotKnow(1);

  EXPECT_LE(schedule.order().ready_at(), begun);
}

}  // namespace
}  // namespace prepull
