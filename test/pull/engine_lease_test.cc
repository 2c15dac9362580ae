// How the engine keeps what was downloaded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepull/list/list_hash.h"
#include "src/pull/lease_keeper.h"
#include "test/pull/engine_fixture.h"
#include "test/support/fake_services.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

using Kind = LeaseResource::Kind;

const LeaseResource kBlob = {"sha256:11", "content", Kind::kBlob};
const LeaseResource kDownload = {"layer-sha256:22", "ingests", Kind::kDownload};
const LeaseResource kSignOfLife = {"prepull-other-run", "ingests",
                                   Kind::kDownload};

std::vector<LeaseResource> HundredBlobs() {
  std::vector<LeaseResource> blobs;
  for (int i = 0; i < 100; ++i) {
    blobs.push_back({absl::StrCat("sha256:", i), "content", Kind::kBlob});
  }
  return blobs;
}

class EngineLeaseTest : public EngineTest {
 protected:
  EngineLeaseTest() {
    before_.given.id = "run1";
    runtime_.UseServices(extension_);
  }

  // The hash that the lease of the run was labelled with.
  std::string ListHashOf(const std::vector<std::string>& images) {
    std::vector<ImageRequest> requests;
    for (const std::string& image : images) {
      requests.push_back({image, "", Reference::Parse(image)});
    }
    return ListHash(requests);
  }

  // A run of the list {"quay.io/a:1"} left this.
  void LeaveLease(const std::string& id, std::vector<LeaseResource> resources) {
    extension_.leases[id] = {ListHashOf({"quay.io/a:1"}), std::move(resources)};
  }

  std::vector<std::string> LeaseIds() const {
    std::vector<std::string> ids;
    for (const auto& [id, lease] : extension_.leases) ids.push_back(id);
    return ids;
  }

  FakeServices extension_{clock_};
};

TEST_F(EngineLeaseTest, EveryPullGoesWithTheLeaseOfTheRun) {
  runtime_.Script("quay.io/a:1", {{Refused()}, {}});

  Fetch({"quay.io/a:1"});

  ASSERT_THAT(extension_.created, SizeIs(1));
  EXPECT_THAT(extension_.created[0], StartsWith("prepull-"));
  EXPECT_EQ(runtime_.calls()[0].lease_id, extension_.created[0]);
  EXPECT_EQ(runtime_.calls()[1].lease_id, extension_.created[0]);
  EXPECT_EQ(run_.features().resume, Resume::kAlways);
}

TEST_F(EngineLeaseTest, TheLeaseExpiresADayAfterTheDeadline) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  ASSERT_EQ(clock_.WallNow(),
            absl::FromUnixSeconds(1767322800));  // 2026-01-02 03:00

  Fetch({"quay.io/a:1"});

  ASSERT_THAT(extension_.leases, SizeIs(1));
  const auto& lease = extension_.leases.begin()->second;
  EXPECT_EQ(absl::FormatTime(lease.expires, absl::UTCTimeZone()),
            "2026-01-03T03:20:00+00:00");
  EXPECT_EQ(lease.list, ListHashOf({"quay.io/a:1"}));
}

TEST_F(EngineLeaseTest, ACompleteListNeedsNoLeaseOfAnyRun) {
  const std::string hash = ListHashOf({"quay.io/a:1"});
  extension_.leases["prepull-old"] = {.list = hash};
  extension_.leases["somebody-else"] = {.list = "another"};

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(extension_.leases, SizeIs(1));
  EXPECT_TRUE(extension_.leases.contains("somebody-else"));
}

// Whoever waits for the end need not wait for what is only tidied up.
TEST_F(EngineLeaseTest, TheEndIsToldBeforeTheLeasesGo) {
  size_t leases_at_the_end = 0;
  witness_.at_the_end = [&] {
    EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
    leases_at_the_end = extension_.leases.size();
  };

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(leases_at_the_end, 1u);
  EXPECT_THAT(extension_.leases, IsEmpty());
}

TEST_F(EngineLeaseTest, ARunWithNothingToDoDeletesWhatOthersLeft) {
  runtime_.Store("quay.io/a:1");
  extension_.leases["prepull-old"] = {.list = ListHashOf({"quay.io/a:1"})};

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(extension_.leases, IsEmpty());
  EXPECT_THAT(extension_.created, IsEmpty());
}

TEST_F(EngineLeaseTest, TakesOverWhatAKilledRunDownloaded) {
  LeaveLease("prepull-old", {kBlob, kDownload});
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  const auto& own = extension_.leases.at(extension_.created[0]).resources;
  ASSERT_THAT(own, SizeIs(2));
  EXPECT_EQ(own[0].id, kBlob.id);
  EXPECT_EQ(own[1].id, kDownload.id);
}

TEST_F(EngineLeaseTest, WhatWasTakenOverWhollyIsKeptByOneLeaseOnly) {
  LeaveLease("prepull-old", {kBlob, kDownload});
  LeaveLease("prepull-older", {kBlob});
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  ASSERT_THAT(LeaseIds(), ElementsAre(extension_.created[0]));
  EXPECT_THAT(extension_.leases.at(extension_.created[0]).resources, SizeIs(2));
}

TEST_F(EngineLeaseTest, ARunThatIsAliveSharesWhatItHasAndKeepsItsLease) {
  LeaveLease("prepull-other-run", {kBlob, kSignOfLife});
  extension_.held.insert("prepull-other-run");
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(LeaseIds(),
              UnorderedElementsAre("prepull-other-run", extension_.created[0]));
  EXPECT_THAT(extension_.leases.at(extension_.created[0]).resources, SizeIs(1));
}

TEST_F(EngineLeaseTest, ShowsThatItIsAliveUntilItsEnd) {
  bool is_held = false;
  clock_.After(absl::Milliseconds(500), [&] {
    is_held = extension_.held.contains(extension_.created[0]);
  });

  Fetch({"quay.io/a:1"});

  EXPECT_TRUE(is_held);
  EXPECT_THAT(extension_.held, IsEmpty());
}

TEST_F(EngineLeaseTest, TakingOverEndsAtTheDeadlineAndLeavesTheRest) {
  LeaveLease("prepull-old", HundredBlobs());
  extension_.lease_calls.latency = absl::Seconds(1);
  overall_timeout_ = absl::Seconds(30);

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_LE(Elapsed(), absl::Seconds(32));
  EXPECT_TRUE(extension_.leases.contains("prepull-old"));
}

TEST_F(EngineLeaseTest, AStopEndsTheTakingOver) {
  LeaveLease("prepull-old", {kBlob, kDownload});
  extension_.lease_calls.latency = absl::Seconds(8);
  StopAfter(absl::Seconds(20));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_LE(Elapsed(), absl::Seconds(22));
  EXPECT_TRUE(extension_.leases.contains("prepull-old"));
}

TEST_F(EngineLeaseTest, ObserversTurnWhileTheRuntimeHasNoAnswer) {
  extension_.lease_calls.hangs = true;
  witness_.wants_to_be_called = absl::Seconds(1);
  int turns = 0;
  clock_.After(absl::Seconds(9.5), [&] { turns = witness_.turns; });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_GE(turns, 9);
}

TEST_F(EngineLeaseTest, AnInterruptedRunKeepsItsLease) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_THAT(extension_.leases, SizeIs(1));
}

TEST_F(EngineLeaseTest, ARunThatEndedForGoodLeavesLeasesOfLivingRunsOnly) {
  LeaveLease("prepull-other-run", {});
  extension_.held.insert("prepull-other-run");
  clock_.After(absl::Milliseconds(500),
               [this] { LeaveLease("prepull-killed", {kBlob}); });
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_THAT(LeaseIds(), ElementsAre("prepull-other-run"));
}

TEST_F(EngineLeaseTest, AFullDiskFreesWhatNoLivingRunKeepsBeforeTheRunEnds) {
  LeaveLease("prepull-other-run", {});
  extension_.held.insert("prepull-other-run");
  clock_.After(absl::Milliseconds(500),
               [this] { LeaveLease("prepull-killed", {kBlob}); });
  runtime_.Script("quay.io/a:1", {{DiskFull()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kNodeNotFit);
  EXPECT_THAT(extension_.collected, ElementsAre(extension_.created[0]));
  EXPECT_THAT(LeaseIds(), ElementsAre("prepull-other-run"));
}

TEST_F(EngineLeaseTest, ADiskTooFullToAskWhoIsAliveIsFreedAllTheSame) {
  clock_.After(absl::Milliseconds(500), [this] {
    LeaveLease("prepull-killed", {kBlob});
    extension_.drops.error =
        absl::UnknownError("mkdir /x: no space left on device: unknown");
  });
  runtime_.Script("quay.io/a:1", {{DiskFull()}});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(LeaseIds(), IsEmpty());
}

TEST_F(EngineLeaseTest, ALeaseOfWhichNobodyKnowsWhoseItIsStays) {
  LeaveLease("prepull-other-run", {});
  extension_.drops.hangs = true;
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(LeaseIds(), ElementsAre("prepull-other-run"));
}

TEST_F(EngineLeaseTest, ALeaseDeletedUnderTheRunIsMadeAnewAndNotCounted) {
  options_.retry.max_attempts = 1;
  runtime_.Script("quay.io/a:1", {{LeaseGone()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(extension_.created, SizeIs(2));
}

TEST_F(EngineLeaseTest, ALeaseMadeAnewExpiresByTheClockAsItIsByThen) {
  runtime_.Script("quay.io/a:1",
                  {{LeaseGone()}, {.takes = absl::InfiniteDuration()}});
  clock_.After(absl::Milliseconds(500), [this] {
    clock_.JumpWallClock(absl::Hours(1000));
    extension_.leases.clear();
  });
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  const absl::Time expires =
      extension_.leases.at(extension_.created[0]).expires;
  EXPECT_GT(expires, clock_.WallNow() + absl::Hours(24));
  EXPECT_LT(expires, clock_.WallNow() + absl::Hours(25));
}

TEST_F(EngineLeaseTest, NobodyWaitsForALeaseThatIsMadeAnew) {
  runtime_.Script("quay.io/a:1", {{LeaseGone()}, {}});
  runtime_.Script("quay.io/b:1", {{.takes = absl::InfiniteDuration()}, {}});
  options_.retry.first_timeout = absl::Seconds(3);
  clock_.After(absl::Milliseconds(500),
               [this] { extension_.lease_calls.latency = absl::Seconds(9); });

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(AttemptsAt("quay.io/b:1"),
              ElementsAre(absl::ZeroDuration(), absl::Seconds(4)));
}

TEST_F(EngineLeaseTest, ARuntimeWithoutLeasesPullsAllTheSame) {
  extension_.error =
      absl::UnimplementedError("unknown service containerd.services.leases");

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(runtime_.calls()[0].lease_id, "");
  EXPECT_EQ(run_.features().resume, Resume::kNever);
}

}  // namespace
}  // namespace prepull
