// How the engine keeps what was downloaded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/pull/lease_keeper.h"
#include "test/pull/engine_fixture.h"
#include "test/support/fake_extension.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kListLabel[] = "prepull/list";

class EngineLeaseTest : public EngineTest {
 protected:
  EngineLeaseTest() {
    run_.id = "run1";
    runtime_.UseExtension(extension_);
  }

  // The hash that the lease of the run was labelled with.
  std::string ListHashOf(const std::vector<std::string>& images) {
    std::vector<ImageRequest> requests;
    for (const std::string& image : images) {
      requests.push_back({image, "", Reference::Parse(image)});
    }
    return ListHash(requests);
  }

  FakeExtension extension_;
};

TEST_F(EngineLeaseTest, EveryPullGoesWithTheLeaseOfTheRun) {
  runtime_.Script("quay.io/a:1", {{Refused()}, {}});

  Fetch({"quay.io/a:1"});

  ASSERT_THAT(extension_.created, SizeIs(1));
  EXPECT_THAT(extension_.created[0], StartsWith("prepull-"));
  EXPECT_EQ(runtime_.calls()[0].lease_id, extension_.created[0]);
  EXPECT_EQ(runtime_.calls()[1].lease_id, extension_.created[0]);
  EXPECT_TRUE(run_.runtime.features.resume);
}

TEST_F(EngineLeaseTest, TheLeaseExpiresADayAfterTheDeadline) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  run_.started_at = absl::FromUnixSeconds(1767322800);  // 2026-01-02 03:00

  Fetch({"quay.io/a:1"});

  ASSERT_THAT(extension_.leases, SizeIs(1));
  const Labels& labels = extension_.leases.begin()->second.labels;
  EXPECT_EQ(labels.at("containerd.io/gc.expire"), "2026-01-03T03:20:00Z");
  EXPECT_EQ(labels.at(kListLabel), ListHashOf({"quay.io/a:1"}));
}

TEST_F(EngineLeaseTest, ACompleteListNeedsNoLeaseOfAnyRun) {
  const std::string hash = ListHashOf({"quay.io/a:1"});
  extension_.leases["prepull-old"] = {{{kListLabel, hash}}, {}};
  extension_.leases["somebody-else"] = {{{kListLabel, "another"}}, {}};

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(extension_.leases, SizeIs(1));
  EXPECT_TRUE(extension_.leases.contains("somebody-else"));
}

// Whoever waits for the end need not wait for what is only tidied up.
TEST_F(EngineLeaseTest, TheEndIsToldBeforeTheLeasesGo) {
  size_t leases_at_the_end = 0;
  witness_.at_the_end = [&] {
    EXPECT_EQ(run_.exit_code, ExitCode::kOk);
    leases_at_the_end = extension_.leases.size();
  };

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(leases_at_the_end, 1u);
  EXPECT_THAT(extension_.leases, IsEmpty());
}

TEST_F(EngineLeaseTest, ARunWithNothingToDoDeletesWhatOthersLeft) {
  runtime_.Store("quay.io/a:1");
  extension_.leases["prepull-old"] = {
      {{kListLabel, ListHashOf({"quay.io/a:1"})}}, {}};

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(extension_.leases, IsEmpty());
  EXPECT_THAT(extension_.created, IsEmpty());
}

TEST_F(EngineLeaseTest, TakesOverWhatAKilledRunDownloaded) {
  const LeaseResource blob = {"sha256:11", "content"};
  const LeaseResource download = {"layer-sha256:22", "ingests"};
  extension_.leases["prepull-old"] = {
      {{kListLabel, ListHashOf({"quay.io/a:1"})}}, {blob, download}};
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  const auto& own = extension_.leases.at(extension_.created[0]).resources;
  ASSERT_THAT(own, SizeIs(2));
  EXPECT_EQ(own[0].id, blob.id);
  EXPECT_EQ(own[1].id, download.id);
}

TEST_F(EngineLeaseTest, AnInterruptedRunKeepsItsLease) {
  runtime_.Script("quay.io/a:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kStopped);
  EXPECT_THAT(extension_.leases, SizeIs(1));
}

TEST_F(EngineLeaseTest, ARunThatEndedForGoodDeletesItsOwnLeaseOnly) {
  const std::string hash = ListHashOf({"quay.io/a:1", "quay.io/b:1"});
  extension_.leases["prepull-other-run"] = {{{kListLabel, hash}}, {}};
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(extension_.leases, SizeIs(1));
  EXPECT_TRUE(extension_.leases.contains("prepull-other-run"));
}

TEST_F(EngineLeaseTest, AFullDiskFreesTheSpaceBeforeTheRunEnds) {
  runtime_.Script("quay.io/a:1", {{DiskFull()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kNodeNotFit);
  EXPECT_THAT(extension_.collected, ElementsAre(extension_.created[0]));
}

TEST_F(EngineLeaseTest, ALeaseDeletedUnderTheRunIsMadeAnewAndNotCounted) {
  options_.retry.max_attempts = 1;
  runtime_.Script("quay.io/a:1",
                  {{absl::NotFoundError("failed to pull and unpack image "
                                        "\"quay.io/a:1\": lease does not "
                                        "exist: not found")},
                   {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(extension_.created, SizeIs(2));
}

TEST_F(EngineLeaseTest, ARuntimeWithoutLeasesPullsAllTheSame) {
  extension_.error =
      absl::UnimplementedError("unknown service containerd.services.leases");

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code, ExitCode::kOk);
  EXPECT_EQ(runtime_.calls()[0].lease_id, "");
  EXPECT_FALSE(run_.runtime.features.resume);
}

TEST(ListHashTest, IsTheSameInAnyOrderAndSpelling) {
  const auto hash = [](const std::vector<std::string>& images) {
    std::vector<ImageRequest> requests;
    for (const std::string& image : images) {
      requests.push_back({image, "", Reference::Parse(image)});
    }
    return ListHash(requests);
  };

  EXPECT_EQ(hash({"busybox", "quay.io/a:1"}),
            hash({"quay.io/a:1", "docker.io/library/busybox:latest"}));
  EXPECT_NE(hash({"busybox"}), hash({"busybox:2"}));
  EXPECT_THAT(hash({}), SizeIs(16));
}

}  // namespace
}  // namespace prepull
