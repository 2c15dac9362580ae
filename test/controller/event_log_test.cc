#include "src/controller/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(36000);

Decision Failing(const std::vector<std::string>& nodes,
                 const std::string& image, const std::string& reason,
                 const std::string& message = "") {
  Decision decision;
  for (const std::string& node : nodes) {
    decision.failed.push_back({node, image, reason, message});
  }
  return decision;
}

PrepullStatus Being(const std::string& type, const std::string& message,
                    const std::string& phase = "") {
  return {.phase = phase,
          .conditions = {{.type = type, .status = "True", .message = message}}};
}

// All that was decided was done.
void TakeAll(EventLog& log, const Decision& decision,
             const PrepullStatus& after = {}) {
  std::set<std::string> recorded;
  for (const FailedRecord& each : decision.failed) recorded.insert(each.node);
  log.Take({}, after, decision, recorded);
}

std::vector<std::string> Texts(const std::vector<PrepullEvent>& events) {
  std::vector<std::string> texts;
  for (const PrepullEvent& each : events) {
    texts.push_back(absl::StrCat(each.is_warning ? "! " : "", each.reason, ": ",
                                 each.message));
  }
  return texts;
}

TEST(EventLogTest, TellsWhatBeginsAndEnds) {
  EventLog log;
  Decision decision;
  decision.status.summary.nodes.total = 3;

  log.Take({}, {.round = 1}, decision, {});
  log.Take({}, Being("Paused", "2 of 3 nodes failed", "Paused"), {}, {});
  log.Take({}, Being("Finished", "1 of 3 nodes succeeded", "PartiallyFailed"),
           {}, {});
  log.Take({}, Being("Finished", "3 of 3 nodes succeeded", "Succeeded"), {},
           {});

  EXPECT_THAT(
      Texts(log.Due(kStart)),
      ElementsAre("Started: round 1: 3 nodes", "! Paused: 2 of 3 nodes failed",
                  "! Completed: PartiallyFailed: 1 of 3 nodes "
                  "succeeded",
                  "Completed: Succeeded: 3 of 3 nodes succeeded"));
  EXPECT_THAT(log.Due(kStart), IsEmpty());
}

TEST(EventLogTest, TellsNothingTwice) {
  EventLog log;
  const PrepullStatus paused = Being("Paused", "2 of 3 nodes failed");

  log.Take(paused, paused, {}, {});
  log.Take({.round = 2}, {.round = 2}, {}, {});
  log.Take({}, Being("Progressing", "Pulling"), {}, {});

  EXPECT_THAT(log.Due(kStart), IsEmpty());
  EXPECT_EQ(log.NextAt(), absl::InfiniteFuture());
}

TEST(EventLogTest, GroupsFailuresByImageAndReason) {
  EventLog log;

  TakeAll(log, Failing({"w1", "w2"}, "quay.io/a:1", "NotFound", "unknown"));
  TakeAll(log, Failing({"w3"}, "quay.io/a:1", "NoSpace"));
  TakeAll(log, Failing({"w4"}, "", "TimedOut", "DeadlineExceeded"));

  EXPECT_THAT(Texts(log.Due(kStart)),
              UnorderedElementsAre(
                  "! NodeFailed: w1, w2: quay.io/a:1: NotFound: unknown",
                  "! NodeFailed: w3: quay.io/a:1: NoSpace",
                  "! NodeFailed: w4: TimedOut: DeadlineExceeded"));
}

TEST(EventLogTest, NamesAFewNodesAndCountsTheRest) {
  EventLog log;
  std::vector<std::string> nodes;
  for (int i = 0; i < 5000; ++i) nodes.push_back(absl::StrCat("w", i));

  TakeAll(log, Failing(nodes, "quay.io/a:1", "NotFound"));

  EXPECT_THAT(Texts(log.Due(kStart)),
              ElementsAre("! NodeFailed: w0, w1, w2, w3, w4 and 4995 more: "
                          "quay.io/a:1: NotFound"));
}

TEST(EventLogTest, TellsOfAGroupAtMostOnceAMinute) {
  EventLog log;
  TakeAll(log, Failing({"w1"}, "quay.io/a:1", "NotFound"));
  log.Due(kStart);

  TakeAll(log, Failing({"w2"}, "quay.io/a:1", "NotFound"));
  TakeAll(log, Failing({"w3"}, "quay.io/b:1", "NotFound"));

  EXPECT_THAT(Texts(log.Due(kStart + absl::Seconds(59))),
              ElementsAre("! NodeFailed: w3: quay.io/b:1: NotFound"));
  EXPECT_EQ(log.NextAt(), kStart + absl::Minutes(1));
  EXPECT_THAT(Texts(log.Due(kStart + absl::Minutes(1))),
              ElementsAre("! NodeFailed: w2: quay.io/a:1: NotFound"));
  EXPECT_EQ(log.NextAt(), absl::InfiniteFuture());
}

// What could not be written is decided again.
TEST(EventLogTest, TellsOfWhatIsOnRecordOnly) {
  EventLog log;
  const Decision decision = Failing({"w1", "w2"}, "quay.io/a:1", "NotFound");

  log.Take({}, {}, decision, {"w1"});
  log.Take({}, {}, decision, {"w2"});

  EXPECT_THAT(Texts(log.Due(kStart)),
              ElementsAre("! NodeFailed: w1, w2: quay.io/a:1: NotFound"));
}

TEST(EventLogTest, AnEndComesAfterTheFailuresThatLedToIt) {
  EventLog log;

  TakeAll(log, Failing({"w1"}, "quay.io/a:1", "NotFound"),
          Being("Finished", "0 of 1 node succeeded", "Failed"));

  EXPECT_THAT(Texts(log.Due(kStart)),
              ElementsAre("! NodeFailed: w1: quay.io/a:1: NotFound",
                          "! Completed: Failed: 0 of 1 node succeeded"));
}

TEST(EventLogTest, AnEventIsAnObjectOfThePrepull) {
  const std::string text =
      EventText("app.1f", "prepull", {.name = "app", .uid = "77b0"},
                {.is_warning = true,
                 .reason = "NodeFailed",
                 .message = "w1:\n" + std::string(5000, 'x')},
                absl::FromUnixSeconds(1790000000));

  const absl::StatusOr<JsonDocument> event = JsonDocument::Parse(text);
  ASSERT_THAT(event, IsOk());
  EXPECT_EQ((*event)["involvedObject"]["uid"].string(), "77b0");
  EXPECT_EQ((*event)["involvedObject"]["kind"].string(), "Prepull");
  EXPECT_EQ((*event)["type"].string(), "Warning");
  EXPECT_EQ((*event)["firstTimestamp"].string(), "2026-09-21T14:13:20Z");
  EXPECT_LE((*event)["message"].StringOrEmpty().size(), 1024);
}

}  // namespace
}  // namespace prepull
