// What WatchStep does when things go wrong.
#include <map>
#include <string>
#include <vector>

#include "prepull/kube/watch_step.h"
#include "test/kube/watch_step_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::Pair;

using Kind = WatchQuestion::Kind;

class WatchFaultsTest : public WatchStepTest {};

TEST_F(WatchFaultsTest, ListsTheNewestWhenAVersionHasExpired) {
  Listed();
  EXPECT_EQ(Refused(410).query,
            "?limit=500&labelSelector=app%3Dprepull%2C%21done");
  EXPECT_EQ(step_.problem(), "");

  step_.OnPage(ListText({}, "20"), now_);
  Next();
  EXPECT_THAT(step_.OnPiece(ErrorEvent(410, "too old resource version")),
              StatusIs(StatusCode::kAborted));
  const WatchQuestion question =
      Ended(absl::ZeroDuration(), absl::AbortedError("over"));

  EXPECT_EQ(question.kind, Kind::kPage);
  EXPECT_THAT(question.query, Not(HasSubstr("resourceVersion")));
  EXPECT_EQ(step_.problem(), "");
}

TEST_F(WatchFaultsTest, ListsTheNewestWhenTheServerLagsBehind) {
  Listed();
  const std::string message = "Too large resource version: 7, current: 3";
  EXPECT_THAT(Refused(504, message).query, Not(HasSubstr("resourceVersion")));

  step_.OnPage(ListText({}, "3"), now_);
  Next();
  EXPECT_THAT(step_.OnPiece(ErrorEvent(504, message)),
              StatusIs(StatusCode::kAborted));
  EXPECT_EQ(step_.problem(), "watch of jobs: error 504: " + message);

  EXPECT_THAT(Ended(absl::ZeroDuration(), absl::AbortedError("over")).query,
              Not(HasSubstr("resourceVersion")));
}

TEST_F(WatchFaultsTest, StartsAnExpiredListAgain) {
  Page(ListText({JobText("a", "1")}, "3", "c1"));
  Next();

  EXPECT_THAT(Refused(410).query, Not(HasSubstr("continue")));
  step_.OnPage(ListText({JobText("b", "4")}, "4"), now_);
  EXPECT_THAT(Colors(), ElementsAre(Pair("team/b", "b4")));
}

TEST_F(WatchFaultsTest, BacksOffWhateverHappensAgain) {
  Listed();
  std::vector<absl::Duration> delays;
  for (int i = 0; i < 8; ++i) {
    delays.push_back(Refused(410).delay);
    step_.OnPage(ListText({}, "9"), now_);
    Next();
  }

  EXPECT_THAT(delays,
              ElementsAre(absl::Milliseconds(800), absl::Milliseconds(1600),
                          absl::Milliseconds(3200), absl::Milliseconds(6400),
                          absl::Milliseconds(12800), absl::Milliseconds(25600),
                          absl::Seconds(30), absl::Seconds(30)));
}

TEST_F(WatchFaultsTest, TakesAnEndAsNormal) {
  Listed();
  dice_ = 0.5;

  for (int i = 0; i < 3; ++i) {
    const WatchQuestion question =
        Ended(absl::Seconds(15), absl::UnavailableError("reset"));

    EXPECT_EQ(question.kind, Kind::kWatch);
    EXPECT_EQ(question.delay, absl::Milliseconds(600));
    EXPECT_EQ(step_.problem(), "");
  }
}

TEST_F(WatchFaultsTest, BacksOffFromWatchesThatEndAtOnce) {
  Listed();

  EXPECT_EQ(Ended(absl::ZeroDuration()).delay, absl::Milliseconds(800));
  EXPECT_EQ(Ended(absl::ZeroDuration()).delay, absl::Milliseconds(1600));
  EXPECT_THAT(step_.OnPiece(EventText("ADDED", JobText("b", "8"))), IsOk());
  EXPECT_EQ(Ended(absl::ZeroDuration()).delay, absl::Milliseconds(800));
}

TEST_F(WatchFaultsTest, SaysThatTheServerIsAway) {
  Next();
  const absl::Status refused = absl::UnavailableError("connection refused");
  Ended(absl::ZeroDuration(), refused);
  EXPECT_EQ(step_.problem(), "list of jobs: connection refused");
  step_.OnPage(ListText({}, "1"), now_);
  Next();
  EXPECT_EQ(step_.problem(), "");

  EXPECT_EQ(Ended(absl::ZeroDuration(), refused).kind, Kind::kWatch);
  EXPECT_EQ(step_.problem(), "watch of jobs: connection refused");
}

TEST_F(WatchFaultsTest, SaysThatAWatchIsSilent) {
  Listed();
  const absl::Status timed_out = absl::DeadlineExceededError("timed out");
  Ended(absl::Seconds(305), timed_out);
  EXPECT_EQ(step_.problem(), "");

  EXPECT_EQ(Ended(absl::Seconds(305), timed_out).delay,
            absl::Milliseconds(1600));
  EXPECT_EQ(step_.problem(), "watch of jobs: timed out");
}

TEST_F(WatchFaultsTest, TakesItsOwnEndAsNormal) {
  const WatchQuestion watch = Listed();

  const WatchQuestion question =
      Ended(watch.until - now_, absl::DeadlineExceededError("timed out"));

  EXPECT_EQ(question.kind, Kind::kPage);
  EXPECT_EQ(step_.problem(), "");
}

TEST_F(WatchFaultsTest, ReadsARefusedTokenAgainAtOnceButOnce) {
  Next();

  EXPECT_EQ(Refused(401).delay, absl::ZeroDuration());
  EXPECT_EQ(Refused(401).delay, absl::Milliseconds(800));
  EXPECT_EQ(Refused(401).delay, absl::Milliseconds(1600));
  step_.OnPage(ListText({}, "9"), now_);
  Next();
  EXPECT_EQ(Refused(401).delay, absl::ZeroDuration());
}

TEST_F(WatchFaultsTest, SaysWhichPermissionIsMissing) {
  Next();
  EXPECT_EQ(Refused(403, "forbidden").delay, absl::Seconds(30));
  EXPECT_EQ(step_.problem(),
            "list of jobs: the API server answered 403: forbidden (the "
            "account needs \"list\" on \"jobs\" in namespace team)");

  step_.OnPage(ListText({}, "9"), now_);
  Next();
  EXPECT_EQ(Refused(403).kind, Kind::kWatch);
  EXPECT_THAT(step_.problem(), HasSubstr("needs \"watch\" on \"jobs\""));
}

TEST_F(WatchFaultsTest, WaitsForAKindThatIsMissing) {
  Next();

  EXPECT_EQ(Refused(404).delay, absl::Seconds(30));
  EXPECT_EQ(step_.problem(), "list of jobs: the API server answered 404");
}

TEST_F(WatchFaultsTest, WaitsAsLongAsTheServerAsks) {
  Listed();
  EXPECT_EQ(Refused(429, "", absl::Seconds(7)).delay, absl::Seconds(7));
  EXPECT_EQ(Refused(503).delay, absl::Milliseconds(1600));
  EXPECT_EQ(Refused(500, "", absl::Hours(9)).delay, absl::Minutes(5));

  EXPECT_THAT(Refused(429).query, HasSubstr("&resourceVersion=7&"));
}

TEST_F(WatchFaultsTest, AsksForTheSamePageAgain) {
  Page(ListText({JobText("a", "1")}, "3", "c1"));
  Next();

  EXPECT_THAT(Refused(500).query, HasSubstr("&continue=c1"));
  EXPECT_THAT(Ended(absl::ZeroDuration(), absl::UnavailableError("r")).query,
              HasSubstr("&continue=c1"));
}

TEST_F(WatchFaultsTest, ListsAgainAfterAnEventItCannotUse) {
  const std::vector<std::string> lines = {
      "{\n",
      "[]\n",
      "null\n",
      std::string(1, '\0') + "\n",
      R"({"type":"ADDED"})"
      "\n",
      R"({"type":"MOVED","object":{"metadata":{"name":"a",)"
      R"("resourceVersion":"1"}}})"
      "\n",
      R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})"
      "\n",
      ErrorEvent(500, "etcd is away"),
      std::string((4 << 20) + 1, ' ')};
  for (const std::string& line : lines) {
    Listed();

    EXPECT_THAT(step_.OnPiece(line), StatusIs(StatusCode::kAborted));
    EXPECT_THAT(step_.OnPiece(EventText("ADDED", JobText("z", "8"))),
                StatusIs(StatusCode::kAborted));
    EXPECT_THAT(step_.problem(), HasSubstr("watch of jobs: "));
    const WatchQuestion question =
        Ended(absl::ZeroDuration(), absl::AbortedError("over"));

    EXPECT_EQ(question.kind, Kind::kPage);
    EXPECT_THAT(question.delay,
                AllOf(Ge(absl::Milliseconds(800)), Le(absl::Seconds(30))));
    EXPECT_THAT(question.query, Not(HasSubstr("resourceVersion")));
    EXPECT_THAT(Colors(), ElementsAre(Pair("team/a", "a5")));
  }
}

TEST_F(WatchFaultsTest, TakesNoPageThatIsNone) {
  Listed();
  now_ = now_ + absl::Minutes(30);
  Ended(absl::ZeroDuration());
  const std::vector<std::string> pages = {
      "", "{}", R"({"items":[]})",
      R"({"metadata":{"resourceVersion":"1"},"items":{}})",
      R"({"metadata":{"resourceVersion":"1"},"items":[{}]})"};
  for (const std::string& page : pages) {
    step_.OnPage(page, now_);

    EXPECT_THAT(step_.problem(), HasSubstr("list of jobs: "));
    EXPECT_THAT(Colors(), ElementsAre(Pair("team/a", "a5")));
    EXPECT_THAT(Next().query, Not(HasSubstr("resourceVersion")));
  }
}

TEST_F(WatchFaultsTest, FollowsNoListWithoutAnEnd) {
  Page(ListText({}, "3", "c1"));

  Page(ListText({}, "3", "c1"));

  EXPECT_EQ(step_.problem(), "list of jobs: the next page is the same again");
  EXPECT_THAT(Next().query, Not(HasSubstr("continue")));
}

TEST_F(WatchFaultsTest, NamesWhatBelongsToTheClusterByItsName) {
  Page(R"({"metadata":{"resourceVersion":"1"},"items":[)"
       R"({"metadata":{"name":"w7","resourceVersion":"1"}}]})");

  EXPECT_THAT(Colors(), ElementsAre(Pair("w7", "")));
}

}  // namespace
}  // namespace prepull
