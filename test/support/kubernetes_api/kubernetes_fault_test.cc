#include <optional>
#include <string>

#include "test/support/kubernetes_api/fake_kubernetes_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = KubernetesFault::Kind;

class KubernetesFaultTest : public FakeKubernetesTest {};

TEST_F(KubernetesFaultTest, RefusesTheRequestsItIsToldTo) {
  fake_.Inject({.kind = Kind::kRefuse,
                .verb = "create",
                .resource = "configmaps",
                .skip = 1,
                .http_status = 429,
                .retry_after = absl::Seconds(7)});

  Create("a");
  const HttpResponse refused = Send("POST", kMaps, ConfigMapText("b")).value();
  Create("b");

  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.Header("Retry-After"), "7");
}

TEST_F(KubernetesFaultTest, DoesWhatItLosesTheAnswerOf) {
  fake_.Inject({.kind = Kind::kLoseAnswer, .verb = "create"});
  fake_.Inject({.kind = Kind::kLoseRequest, .verb = "create"});

  EXPECT_THAT(Send("POST", kMaps, ConfigMapText("a")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Send("POST", kMaps, ConfigMapText("b")),
              StatusIs(absl::StatusCode::kUnavailable));

  EXPECT_THAT(NamesIn(Got(kMaps)), ElementsAre("a"));
}

TEST_F(KubernetesFaultTest, IsSlowerThanTheClientWaits) {
  fake_.Inject({.kind = Kind::kSlow, .times = -1, .delay = absl::Seconds(5)});
  const Instant begin = clock_.Now();

  EXPECT_THAT(Send("GET", kMaps), IsOk());
  EXPECT_EQ(clock_.Now() - begin, absl::Seconds(5));
  fake_.Heal();
  fake_.Inject({.kind = Kind::kSlow, .delay = absl::Minutes(11)});
  EXPECT_THAT(Send("GET", kMaps),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(KubernetesFaultTest, CutsAWatchInAnEvent) {
  const std::string version = VersionIn(Got(kMaps));
  for (const char* name : {"a", "b", "c"}) Create(name);
  fake_.Inject({.kind = Kind::kCut, .events = 1});

  EXPECT_THAT(WatchedFrom(version), ElementsAre("ADDED a", "half"));
  EXPECT_THAT(watch_end_, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(WatchedFrom(version),
              ElementsAre("ADDED a", "ADDED b", "ADDED c"));
}

TEST_F(KubernetesFaultTest, EndsAWatchByAnErrorEvent) {
  const std::string version = VersionIn(Got(kMaps));
  Create("a");
  fake_.Inject({.kind = Kind::kErrorEvent, .http_status = 410, .events = 1});

  EXPECT_THAT(WatchedFrom(version), ElementsAre("ADDED a", "ERROR Expired"));
}

TEST_F(KubernetesFaultTest, SaysNothingAnyMore) {
  const std::string version = VersionIn(Got(kMaps));
  Create("a");
  fake_.Inject({.kind = Kind::kSilence});

  EXPECT_THAT(WatchedFrom(version), IsEmpty());
  EXPECT_THAT(watch_end_, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(KubernetesFaultTest, DelaysAndRepeatsEvents) {
  const std::string version = VersionIn(Got(kMaps));
  Create("a");
  clock_.After(absl::Seconds(280), [this] { Create("b"); });
  fake_.Inject({.kind = Kind::kDelay, .delay = absl::Seconds(30)});

  EXPECT_THAT(WatchedFrom(version), ElementsAre("ADDED a"));
  fake_.Inject({.kind = Kind::kRepeat});
  EXPECT_THAT(WatchedFrom(version),
              ElementsAre("ADDED a", "ADDED a", "ADDED b", "ADDED b"));
}

TEST_F(KubernetesFaultTest, DisturbsAWatchThatIsOpen) {
  const std::string version = VersionIn(Got(kMaps));
  clock_.After(absl::Seconds(10), [this] { Create("a"); });
  clock_.After(absl::Seconds(20), [this] {
    fake_.DisturbWatches(Kind::kErrorEvent, "jobs");
    fake_.DisturbWatches(Kind::kErrorEvent, "configmaps", 500);
  });

  EXPECT_THAT(WatchedFrom(version),
              ElementsAre("ADDED a", "ERROR InternalError"));
}

TEST_F(KubernetesFaultTest, IsAwayForMinutes) {
  std::optional<absl::StatusCode> meanwhile;
  clock_.After(absl::Seconds(10), [this, &meanwhile] {
    fake_.SetAway(true);
    meanwhile = Send("GET", kMaps).status().code();
  });

  EXPECT_THAT(WatchedFrom("0"), IsEmpty());
  EXPECT_THAT(watch_end_, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(meanwhile, absl::StatusCode::kUnavailable);
  fake_.SetAway(false);
  EXPECT_THAT(Send("GET", kMaps), IsOk());
}

TEST_F(KubernetesFaultTest, KnowsItsKindsByName) {
  EXPECT_EQ(FaultKindOf("lose-answer"), Kind::kLoseAnswer);
  EXPECT_EQ(FaultKindOf("repeat"), Kind::kRepeat);
  EXPECT_EQ(FaultKindOf("nonsense"), Kind::kNone);
}

}  // namespace
}  // namespace prepull
