#include "prepull/kube/watch_step.h"

#include <map>
#include <string>
#include <vector>

#include "test/kube/watch_step_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

using Kind = WatchQuestion::Kind;

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

TEST_F(WatchStepTest, HandsOverWhatItKeptOnce) {
  Listed();

  EXPECT_EQ(std::any_cast<std::string>(step_.TakeValue("team/a")), "a5");
  EXPECT_FALSE(step_.TakeValue("team/a").has_value());
  EXPECT_FALSE(step_.TakeValue("team/nobody").has_value());

  EXPECT_THAT(step_.OnPiece(EventText("MODIFIED", JobText("a", "9"))), IsOk());
  EXPECT_EQ(std::any_cast<std::string>(step_.TakeValue("team/a")), "a9");
}

TEST_F(WatchStepTest, HasTheLastWordsOfWhatIsDeleted) {
  Listed();

  EXPECT_THAT(step_.OnPiece(EventText("DELETED", JobText("a", "9"))), IsOk());

  const WatchStore deleted = step_.TakeDeleted();
  ASSERT_THAT(deleted, ElementsAre(Key("team/a")));
  const WatchedObject& last = deleted.at("team/a");
  EXPECT_EQ(std::any_cast<std::string>(last.value), "a9");
  EXPECT_EQ(last.resource_version, "9");
  EXPECT_EQ(last.uid, "u1");
  EXPECT_THAT(step_.TakeDeleted(), IsEmpty());
}

TEST_F(WatchStepTest, KeepsLastWordsWhenTheNameIsGivenAgain) {
  Listed();

  EXPECT_THAT(step_.OnPiece(EventText("DELETED", JobText("a", "8", "u1")) +
                            EventText("ADDED", JobText("a", "9", "u2"))),
              IsOk());
  Ended(absl::Minutes(30));
  step_.OnPage(ListText({}, "12"), now_);

  EXPECT_EQ(step_.TakeDeleted().at("team/a").uid, "u1");
}

TEST_F(WatchStepTest, HasNoLastWordsOfAnotherBearer) {
  Listed();

  EXPECT_THAT(step_.OnPiece(EventText("DELETED", JobText("a", "8", "u0")) +
                            EventText("DELETED", JobText("b", "9"))),
              IsOk());

  EXPECT_THAT(step_.TakeDeleted(), IsEmpty());
}

TEST_F(WatchStepTest, ListsEveryHalfHour) {
  Listed();
  EXPECT_EQ(Ended(absl::Minutes(29)).kind, Kind::kWatch);

  EXPECT_EQ(Ended(absl::Minutes(1)).kind, Kind::kPage);
}

}  // namespace
}  // namespace prepull
