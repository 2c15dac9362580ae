// Sources whose registry is away, and for how long they are waited for.
#include "src/source/source_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "prepull/base/passing_error.h"
#include "test/source/sources_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using SourceSetTest = SourcesTest;

absl::Status Away() { return PassingError(absl::UnavailableError("refused")); }

TEST_F(SourceSetTest, ASourceThatIsAwayIsAskedAgainAndTheOthersOnce) {
  options_.releases = {"quay.io/ocp/release:4"};
  options_.selects = {"quay.io/app semver:1 newest:1"};
  registry_.broken["quay.io/ocp/release:4"] = Away();
  std::vector<int> pauses;
  registry_.on_pause = [&](int tries) {
    pauses.push_back(tries);
    // It would be found to have failed if it were asked again.
    registry_.tags.clear();
    if (tries == 3) registry_.broken.clear();
    return absl::OkStatus();
  };

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->failures, IsEmpty());
  EXPECT_THAT(pauses, ElementsAre(1, 2, 3));
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/ocp/release:4", "quay.io/ocp/aws-thing:1",
                          "quay.io/ocp/cli:1", "quay.io/ocp/etcd:1",
                          "quay.io/app:1.1.0"));
}

TEST_F(SourceSetTest, WhenTimeIsUpASourceHasFailedAsItDidLast) {
  options_.releases = {"quay.io/ocp/release:4"};
  registry_.broken["quay.io/ocp/release:4"] = Away();

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  ASSERT_THAT(found->failures, SizeIs(1));
  EXPECT_THAT(found->failures[0].reference.status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       "--release quay.io/ocp/release:4: refused"));
  EXPECT_TRUE(IsPassing(found->failures[0].reference.status()));
}

TEST_F(SourceSetTest, ASourceThatIsWrongEndsTheWaitForTheOthers) {
  options_.releases = {"quay.io/ocp/release:4"};
  options_.selects = {"quay.io/app semver:~9"};
  registry_.broken["quay.io/ocp/release:4"] = Away();
  int pauses = 0;
  registry_.on_pause = [&pauses](int) {
    ++pauses;
    return absl::DeadlineExceededError("no more time");
  };

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(pauses, 0);
  EXPECT_THAT(found->failures, SizeIs(2));
}

TEST_F(SourceSetTest, WhereFailuresAreKeptTheOthersAreWaitedFor) {
  keep_failures_ = true;
  options_.releases = {"quay.io/ocp/release:4"};
  options_.selects = {"quay.io/app semver:~9"};
  registry_.broken["quay.io/ocp/release:4"] = Away();
  registry_.on_pause = [this](int) {
    registry_.broken.clear();
    return absl::OkStatus();
  };

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->requests, SizeIs(4));
  EXPECT_THAT(found->failures, SizeIs(1));
}

TEST_F(SourceSetTest, NoPackageIsMissingAsLongAsACatalogueIsAway) {
  options_.catalogs = {"quay.io/index/one:1", "quay.io/index/two:1"};
  options_.packages = {"op", "other"};
  registry_.broken["quay.io/index/two:1"] = Away();

  const auto away = Resolve();
  registry_.on_pause = [this](int) {
    registry_.broken.clear();
    return absl::OkStatus();
  };
  const auto back = Resolve();

  ASSERT_THAT(away, IsOk());
  EXPECT_THAT(away->failures, SizeIs(1));
  ASSERT_THAT(back, IsOk());
  EXPECT_THAT(back->failures, IsEmpty());
}

TEST_F(SourceSetTest, WrongBytesAreFetchedAFewTimes) {
  options_.releases = {"quay.io/ocp/release:4"};
  registry_.broken["quay.io/ocp/release:4"] = absl::DataLossError("web page");
  int pauses = 0;
  registry_.on_pause = [&pauses](int tries) {
    pauses = tries;
    return absl::OkStatus();
  };

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->failures, SizeIs(1));
  EXPECT_GT(pauses, 2);
  EXPECT_LT(pauses, 20);
}

TEST_F(SourceSetTest, AStopInAPauseEndsItAll) {
  options_.releases = {"quay.io/ocp/release:4"};
  registry_.broken["quay.io/ocp/release:4"] = Away();
  registry_.on_pause = [](int) { return absl::CancelledError("stopped"); };

  EXPECT_THAT(Resolve(), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace prepull
