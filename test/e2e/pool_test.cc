// How many pulls run at once, as the server counts them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::SizeIs;

class PoolTest : public E2eTest {
 protected:
  std::vector<std::string> StartedImages() const {
    std::vector<std::string> images;
    for (const auto& pull : server_.pulls()) images.push_back(pull.image);
    return images;
  }
};

// Each release makes room for one, which must be taken although nothing else
// happens: neither fewer nor more than -j at any moment.
TEST_F(PoolTest, KeepsAllSlotsBusyWhileWorkIsDue) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(
      FetchSetup({"-j", "3", "--image-list-file", ListOf(12)}));

  for (int started = 3; started <= 12; ++started) {
    ASSERT_TRUE(server_.WaitUntilStarted(started));
    ASSERT_TRUE(server_.WaitUntilRunning(3));
    server_.Release();
  }
  server_.Release(2);

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_EQ(server_.MostAtOnce(), 3);
}

TEST_F(PoolTest, RunsSixtyFourPullsAtOnce) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(
      FetchSetup({"-j", "64", "--image-list-file", ListOf(100)}));
  ASSERT_TRUE(server_.WaitUntilRunning(64));

  server_.ScriptTheRest({});
  server_.Release(64);

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_EQ(server_.MostAtOnce(), 64);
  EXPECT_EQ(Status("/pulled"), "100");
}

TEST_F(PoolTest, TakesTenSlotsOnAnOlderContainerdAndFourFromTwoDotOneOn) {
  server_.ScriptTheRest(Forever());
  const std::string list = ListOf(20);
  {
    PrepullProcess fetch(FetchSetup({"--image-list-file", list}));
    ASSERT_TRUE(server_.WaitUntilRunning(10));
  }
  ASSERT_TRUE(server_.WaitUntilRunning(0));
  server_.SetVersion("v2.1.4");

  PrepullProcess fetch(FetchSetup({"--image-list-file", list}));
  ASSERT_TRUE(server_.WaitUntilRunning(4));
  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(server_.pulls(), SizeIs(14));
}

TEST_F(PoolTest, NeverPullsMoreFromOneRegistryThanItMay) {
  server_.ScriptTheRest(Forever());
  std::vector<std::string> words = {"-j", "5", "--registry-concurrency", "2"};
  for (int i = 1; i <= 4; ++i) {
    words.push_back(absl::StrCat("quay.io/a:", i));
  }
  for (int i = 1; i <= 4; ++i) {
    words.push_back(absl::StrCat("registry.example/b:", i));
  }
  PrepullProcess fetch(FetchSetup(words));

  for (int started = 4; started <= 8; ++started) {
    ASSERT_TRUE(server_.WaitUntilStarted(started));
    server_.Release();
  }
  server_.Release(3);

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_EQ(server_.MostAtOnce("quay.io/"), 2);
  EXPECT_EQ(server_.MostAtOnce("registry.example/"), 2);
}

TEST_F(PoolTest, HoldsNoSlotWhileAnImageWaitsForItsRetry) {
  server_.Script("quay.io/a:1",
                 {{.result = absl::UnknownError("connection refused")}});
  server_.Script("quay.io/a:2", {Forever()});
  PrepullProcess fetch(FetchSetup({"-j", "1", "--image-list-file", ListOf(2),
                                   "--initial-pull-attempt-delay", "10m"}));

  ASSERT_TRUE(server_.WaitUntilStarted(2));

  EXPECT_THAT(StartedImages(), ElementsAre("quay.io/a:1", "quay.io/a:2"));
}

TEST_F(PoolTest, PullsInTheOrderOfTheList) {
  const std::string list =
      folder_.Write("images.txt", "quay.io/c:1\nquay.io/a:1\nquay.io/b:1\n");

  ASSERT_THAT(Fetch({"-j", "1", "--image-list-file", list}), ExitsWith(0));

  EXPECT_THAT(StartedImages(),
              ElementsAre("quay.io/c:1", "quay.io/a:1", "quay.io/b:1"));
}

TEST_F(PoolTest, TriesAgainAfterATransientError) {
  server_.Script("quay.io/a:1",
                 {{.result = absl::UnknownError("connection reset by peer")},
                  {.result = absl::UnknownError("unexpected status: 503")},
                  {}});

  const Ended fetch =
      Fetch({"quay.io/a:1", "--initial-pull-attempt-delay", "10ms"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(Status("/images/0/attempts"), "3");
}

TEST_F(PoolTest, CutsAnAttemptThatTakesTooLongAndTriesAgain) {
  server_.Script("quay.io/a:1", {Forever(), {}});

  const Ended fetch = Fetch({"quay.io/a:1", "--initial-pull-attempt-timeout",
                             "200ms", "--initial-pull-attempt-delay", "10ms"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_TRUE(server_.WaitUntilCancelled(1));
  EXPECT_EQ(Status("/images/0/attempts"), "2");
}

TEST_F(PoolTest, SeesTenThousandImagesOfTheNode) {
  const std::string repository =
      absl::StrCat("registry.example/", std::string(120, 'n'), "/app");
  server_.StoreTags(repository, 10000);
  const std::string list = folder_.Write(
      "images.txt", absl::StrCat(repository, ":1\n", repository, ":10000\n",
                                 repository, ":10001\n"));

  const Ended fetch = Fetch({"--image-list-file", list});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(server_.last_list_bytes(), Gt(4 << 20));
  EXPECT_EQ(Status("/skipped"), "2");
  EXPECT_EQ(Status("/pulled"), "1");
}

TEST_F(PoolTest, AsksTheRegistryForEachImageWithPullPolicyAlways) {
  server_.Store("quay.io/a:1");

  ASSERT_THAT(Fetch({"quay.io/a:1", "--pull-policy", "Always"}), ExitsWith(0));

  EXPECT_THAT(server_.pulls(), SizeIs(1));
  EXPECT_EQ(Status("/pulled"), "1");
}

}  // namespace
}  // namespace prepull
