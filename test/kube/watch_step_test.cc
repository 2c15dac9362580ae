#include "prepull/kube/watch_step.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::Pair;

using Kind = WatchQuestion::Kind;

// A job as a server writes it, without a line break.
std::string JobText(const std::string& name, const std::string& version,
                    const std::string& uid = "u1") {
  return absl::StrCat(R"({"metadata":{"namespace":"team","name":")", name,
                      R"(","resourceVersion":")", version, R"(","uid":")", uid,
                      R"(","managedFields":[1]},"color":")", name, version,
                      "\"}");
}

std::string ListText(const std::vector<std::string>& items,
                     const std::string& version, const std::string& next = "") {
  return absl::StrCat(R"({"metadata":{"resourceVersion":")", version,
                      R"(","continue":")", next, R"("},"items":[)",
                      absl::StrJoin(items, ","), "]}");
}

std::string EventText(const std::string& type, const std::string& object) {
  return absl::StrCat(R"({"type":")", type, R"(","object":)", object, "}\n");
}

std::string ErrorEvent(int code, const std::string& message) {
  return EventText("ERROR", absl::StrCat(R"({"kind":"Status","code":)", code,
                                         R"(,"message":")", message, "\"}"));
}

class WatchStepTest : public testing::Test {
 protected:
  WatchQuestion Next() {
    const WatchQuestion question = step_.Next(now_);
    now_ = now_ + question.delay;
    return question;
  }
  void Page(const std::string& body) {
    Next();
    step_.OnPage(body, now_);
  }
  // A list with one job, and the question for the watch behind it.
  WatchQuestion Listed() {
    Page(ListText({JobText("a", "5")}, "7"));
    step_.TakeChanges();
    return Next();
  }
  WatchQuestion Refused(int status, const std::string& message = "",
                        absl::Duration retry_after = absl::ZeroDuration()) {
    step_.OnRefusal({status, message, retry_after});
    return Next();
  }
  WatchQuestion Ended(absl::Duration after,
                      const absl::Status& how = absl::OkStatus()) {
    now_ = now_ + after;
    step_.OnEnd(how, now_);
    return Next();
  }
  // What is kept of each object.
  std::map<std::string, std::string> Colors() const {
    std::map<std::string, std::string> colors;
    for (const auto& [key, object] : step_.store()) {
      colors[key] = std::any_cast<std::string>(object.value);
    }
    return colors;
  }

  Instant now_ = Instant(absl::Hours(1));
  double dice_ = 0.0;
  WatchStep step_{{.group_version = "batch/v1",
                   .resource = "jobs",
                   .object_namespace = "team",
                   .label_selector = "app=prepull,!done"},
                  [](JsonValue job) { return job["color"].StringOrEmpty(); },
                  [this] { return dice_; }};
};

TEST_F(WatchStepTest, ListsTheNewestFirst) {
  const WatchQuestion question = Next();

  EXPECT_EQ(question.kind, Kind::kPage);
  EXPECT_EQ(question.query, "?limit=500&labelSelector=app%3Dprepull%2C%21done");
  EXPECT_EQ(question.delay, absl::ZeroDuration());
  EXPECT_FALSE(step_.is_listed());
}

TEST_F(WatchStepTest, KeepsTheWantedFieldsOnly) {
  Listed();

  EXPECT_THAT(Colors(), ElementsAre(Pair("team/a", "a5")));
  EXPECT_EQ(step_.store().at("team/a").resource_version, "5");
  EXPECT_EQ(step_.store().at("team/a").uid, "u1");
}

TEST_F(WatchStepTest, WatchesFromTheListOn) {
  const WatchQuestion question = Listed();

  EXPECT_EQ(question.kind, Kind::kWatch);
  EXPECT_EQ(question.query,
            "?watch=1&allowWatchBookmarks=true&resourceVersion=7"
            "&timeoutSeconds=290&labelSelector=app%3Dprepull%2C%21done");
  EXPECT_EQ(question.delay, absl::ZeroDuration());
  EXPECT_EQ(question.idle, absl::Seconds(305));
  EXPECT_EQ(question.until, now_ + absl::Minutes(30));
}

TEST_F(WatchStepTest, WatchesForSevenMinutesAtMost) {
  dice_ = 0.9999;

  const WatchQuestion question = Listed();

  EXPECT_THAT(question.query, HasSubstr("&timeoutSeconds=420&"));
  EXPECT_EQ(question.idle, absl::Seconds(435));
}

TEST_F(WatchStepTest, ReplacesTheStoreWhenTheLastPageIsIn) {
  Listed();
  now_ = now_ + absl::Minutes(30);
  const WatchQuestion first = Ended(absl::ZeroDuration());
  step_.OnPage(ListText({JobText("b", "8")}, "9", "c1"), now_);
  const std::map<std::string, std::string> between = Colors();
  const WatchQuestion second = Next();
  step_.OnPage(ListText({JobText("c", "9")}, "9"), now_);

  EXPECT_THAT(first.query,
              HasSubstr("?limit=500&resourceVersionMatch=NotOlderThan"
                        "&resourceVersion=7&"));
  EXPECT_THAT(second.query, AllOf(HasSubstr("?limit=500&continue=c1&"),
                                  Not(HasSubstr("resourceVersion"))));
  EXPECT_THAT(between, ElementsAre(Pair("team/a", "a5")));
  EXPECT_THAT(Colors(),
              ElementsAre(Pair("team/b", "b8"), Pair("team/c", "c9")));
  EXPECT_THAT(step_.TakeChanges(), ElementsAre("team/a", "team/b", "team/c"));
  EXPECT_THAT(step_.TakeChanges(), IsEmpty());
}

TEST_F(WatchStepTest, FollowsTheEvents) {
  Listed();

  EXPECT_THAT(
      step_.OnPiece(
          EventText("ADDED", JobText("b", "8")) +
          EventText("MODIFIED", JobText("a", "9")) +
          EventText("DELETED", JobText("b", "10")) +
          EventText("BOOKMARK", R"({"metadata":{"resourceVersion":"12"}})")),
      IsOk());

  EXPECT_THAT(Colors(), ElementsAre(Pair("team/a", "a9")));
  EXPECT_THAT(step_.TakeChanges(), ElementsAre("team/a", "team/b"));
  EXPECT_THAT(Ended(absl::Minutes(5)).query, HasSubstr("&resourceVersion=12&"));
}

TEST_F(WatchStepTest, TakesALineOfAnyPieces) {
  const std::string line = EventText("ADDED", JobText("b", "8")) + "\r\n" +
                           EventText("ADDED", JobText("c", "9"));
  for (size_t cut = 0; cut <= line.size(); ++cut) {
    WatchStep step(
        {.resource = "jobs"}, [](JsonValue) { return std::any(); },
        [] { return 0.0; });
    step.Next(now_);
    step.OnPage(ListText({}, "7"), now_);
    step.Next(now_);

    EXPECT_THAT(step.OnPiece(line.substr(0, cut)), IsOk());
    EXPECT_THAT(step.OnPiece(line.substr(cut)), IsOk());

    EXPECT_EQ(step.store().size(), 2) << cut;
  }
}

TEST_F(WatchStepTest, ForgetsAHalfLineWithItsConnection) {
  Listed();
  const std::string event = EventText("ADDED", JobText("b", "8"));
  EXPECT_THAT(step_.OnPiece(event.substr(0, 30)), IsOk());

  const WatchQuestion question = Ended(absl::Minutes(1));

  EXPECT_THAT(question.query, HasSubstr("&resourceVersion=7&"));
  EXPECT_THAT(step_.OnPiece(event), IsOk());
  EXPECT_EQ(step_.store().size(), 2);
}

TEST_F(WatchStepTest, KeepsTheNewBearerOfAName) {
  Listed();

  EXPECT_THAT(step_.OnPiece(EventText("ADDED", JobText("a", "9", "u2")) +
                            EventText("DELETED", JobText("a", "8", "u1"))),
              IsOk());

  EXPECT_THAT(Colors(), ElementsAre(Pair("team/a", "a9")));
}

TEST_F(WatchStepTest, ListsEveryHalfHour) {
  Listed();
  EXPECT_EQ(Ended(absl::Minutes(29)).kind, Kind::kWatch);

  EXPECT_EQ(Ended(absl::Minutes(1)).kind, Kind::kPage);
}

TEST_F(WatchStepTest, ListsTheNewestWhenAVersionHasExpired) {
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

TEST_F(WatchStepTest, ListsTheNewestWhenTheServerLagsBehind) {
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

TEST_F(WatchStepTest, StartsAnExpiredListAgain) {
  Page(ListText({JobText("a", "1")}, "3", "c1"));
  Next();

  EXPECT_THAT(Refused(410).query, Not(HasSubstr("continue")));
  step_.OnPage(ListText({JobText("b", "4")}, "4"), now_);
  EXPECT_THAT(Colors(), ElementsAre(Pair("team/b", "b4")));
}

TEST_F(WatchStepTest, BacksOffWhateverHappensAgain) {
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

TEST_F(WatchStepTest, TakesAnEndAsNormal) {
  Listed();
  dice_ = 0.5;

  for (int i = 0; i < 3; ++i) {
    const WatchQuestion question =
        Ended(absl::Seconds(6), absl::UnavailableError("reset"));

    EXPECT_EQ(question.kind, Kind::kWatch);
    EXPECT_EQ(question.delay, absl::Milliseconds(600));
    EXPECT_EQ(step_.problem(), "");
  }
}

TEST_F(WatchStepTest, BacksOffFromWatchesThatEndAtOnce) {
  Listed();

  EXPECT_EQ(Ended(absl::ZeroDuration()).delay, absl::Milliseconds(800));
  EXPECT_EQ(Ended(absl::ZeroDuration()).delay, absl::Milliseconds(1600));
  EXPECT_THAT(step_.OnPiece(EventText("ADDED", JobText("b", "8"))), IsOk());
  EXPECT_EQ(Ended(absl::ZeroDuration()).delay, absl::Milliseconds(800));
}

TEST_F(WatchStepTest, SaysThatTheServerIsAway) {
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

TEST_F(WatchStepTest, ReadsARefusedTokenAgainAtOnceButOnce) {
  Next();

  EXPECT_EQ(Refused(401).delay, absl::ZeroDuration());
  EXPECT_EQ(Refused(401).delay, absl::Milliseconds(800));
  EXPECT_EQ(Refused(401).delay, absl::Milliseconds(1600));
  step_.OnPage(ListText({}, "9"), now_);
  Next();
  EXPECT_EQ(Refused(401).delay, absl::ZeroDuration());
}

TEST_F(WatchStepTest, SaysWhichPermissionIsMissing) {
  Next();
  EXPECT_EQ(Refused(403, "forbidden").delay, absl::Seconds(30));
  EXPECT_EQ(step_.problem(),
            "list of jobs: the API server answered 403: forbidden (the service "
            "account needs \"list\" on \"jobs\" in namespace team)");

  step_.OnPage(ListText({}, "9"), now_);
  Next();
  EXPECT_EQ(Refused(403).kind, Kind::kWatch);
  EXPECT_THAT(step_.problem(), HasSubstr("needs \"watch\" on \"jobs\""));
}

TEST_F(WatchStepTest, WaitsForAKindThatIsMissing) {
  Next();

  EXPECT_EQ(Refused(404).delay, absl::Seconds(30));
  EXPECT_EQ(step_.problem(), "list of jobs: the API server answered 404");
}

TEST_F(WatchStepTest, WaitsAsLongAsTheServerAsks) {
  Listed();
  EXPECT_EQ(Refused(429, "", absl::Seconds(7)).delay, absl::Seconds(7));
  EXPECT_EQ(Refused(503).delay, absl::Milliseconds(1600));
  EXPECT_EQ(Refused(500, "", absl::Hours(9)).delay, absl::Minutes(5));

  EXPECT_THAT(Refused(429).query, HasSubstr("&resourceVersion=7&"));
}

TEST_F(WatchStepTest, AsksForTheSamePageAgain) {
  Page(ListText({JobText("a", "1")}, "3", "c1"));
  Next();

  EXPECT_THAT(Refused(500).query, HasSubstr("&continue=c1"));
  EXPECT_THAT(Ended(absl::ZeroDuration(), absl::UnavailableError("r")).query,
              HasSubstr("&continue=c1"));
}

TEST_F(WatchStepTest, ListsAgainAfterAnEventItCannotUse) {
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

TEST_F(WatchStepTest, TakesNoPageThatIsNone) {
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

TEST_F(WatchStepTest, FollowsNoListWithoutAnEnd) {
  Page(ListText({}, "3", "c1"));

  Page(ListText({}, "3", "c1"));

  EXPECT_EQ(step_.problem(), "list of jobs: the next page is the same again");
  EXPECT_THAT(Next().query, Not(HasSubstr("continue")));
}

TEST_F(WatchStepTest, NamesWhatBelongsToTheClusterByItsName) {
  Page(R"({"metadata":{"resourceVersion":"1"},"items":[)"
       R"({"metadata":{"name":"w7","resourceVersion":"1"}}]})");

  EXPECT_THAT(Colors(), ElementsAre(Pair("w7", "")));
}

}  // namespace
}  // namespace prepull
