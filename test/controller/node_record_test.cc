#include "src/controller/node_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kListOf50[] = "0ed9e5f3c7f62b06";
constexpr char kMessageOf50[] =
    "48 of 50 images present; 2 failed (13m32s)\n"
    R"({"prepull":1,"run":"6f0c1b2a9d","list":"0ed9e5f3c7f62b06","code":1,)"
    R"("n":[50,40,8,2,0],"bytes":39859879123,"s":812,"st":"8S40P2F",)"
    R"("f":[[48,"NotFound"],[49,"Stalled","nothing arrived for 5m"]]})"
    "\n";

NodeRecord RecordOf50() {
  NodeRecord record = {.job_uid = "0f6c1b2a-9d00",
                       .list_hash = kListOf50,
                       .task = "Fetch",
                       .round = 3,
                       .state = NodeState::kFailed,
                       .why = "48 of 50 images present; 2 failed (13m32s)",
                       .ended_at = "2026-01-02T03:04:05Z",
                       .pods = 3,
                       .code = 1};
  TakeMachineLine(kMessageOf50, record);
  return record;
}

TEST(NodeRecordTest, TakesTheMachineLineOfAMessage) {
  const NodeRecord record = RecordOf50();

  EXPECT_THAT(record.line, HasSubstr("\"st\":\"8S40P2F\""));
  EXPECT_EQ(record.counts.pulled, 40);
  EXPECT_EQ(record.counts.failed, 2);
  EXPECT_EQ(record.bytes, 39859879123);
  ASSERT_EQ(record.failures.size(), 2);
  EXPECT_EQ(record.failures[1].image, 49);
  EXPECT_EQ(record.failures[1].reason, Reason::kStalled);
  EXPECT_EQ(record.failures[1].message, "nothing arrived for 5m");
}

TEST(NodeRecordTest, ComesBackFromItsText) {
  const NodeRecord record = RecordOf50();

  const absl::StatusOr<NodeRecord> read = ParseRecord(RecordText(record));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(RecordText(*read), RecordText(record));
  EXPECT_EQ(read->job_uid, record.job_uid);
  EXPECT_EQ(read->list_hash, kListOf50);
  EXPECT_EQ(read->task, "Fetch");
  EXPECT_EQ(read->round, 3);
  EXPECT_EQ(read->state, NodeState::kFailed);
  EXPECT_EQ(read->why, record.why);
  EXPECT_EQ(read->ended_at, record.ended_at);
  EXPECT_EQ(read->pods, 3);
  EXPECT_EQ(read->code, 1);
  EXPECT_EQ(read->counts.pulled, 40);
  EXPECT_EQ(read->failures.size(), 2);
}

TEST(NodeRecordTest, ComesBackWithoutWhatItHasNot) {
  const NodeRecord record = {.job_uid = "u",
                             .list_hash = kListOf50,
                             .task = "Check",
                             .state = NodeState::kUnreachable,
                             .ended_at = "2026-01-02T03:04:05Z"};

  const absl::StatusOr<NodeRecord> read = ParseRecord(RecordText(record));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->state, NodeState::kUnreachable);
  EXPECT_EQ(read->code, std::nullopt);
  EXPECT_EQ(read->line, "");
}

TEST(NodeRecordTest, LeavesTheLineOfAnotherListAlone) {
  NodeRecord record = {.list_hash = "ffffffffffffffff"};

  TakeMachineLine(kMessageOf50, record);

  EXPECT_EQ(record.line, "");
  EXPECT_EQ(record.counts.all(), 0);
  EXPECT_TRUE(record.failures.empty());
}

// A run that ended before it knew its list says why.
TEST(NodeRecordTest, TakesALineWithoutAList) {
  NodeRecord record = {.list_hash = kListOf50};

  TakeMachineLine(R"({"prepull":1,"run":"6f","list":null,"code":2,"n":null,)"
                  R"("bytes":0,"s":0,"why":"invalid flag"})",
                  record);

  EXPECT_THAT(record.line, HasSubstr("invalid flag"));
}

TEST(NodeRecordTest, TakesNothingFromOtherMessages) {
  for (const std::string& message : std::vector<std::string>{
           "", "\n", "OOMKilled", "no\nline",
           "{\"prepull\":", "{\"prepull\":1}", std::string(5000, '\n'),
           absl::StrCat(kMessageOf50, "more words\n")}) {
    NodeRecord record = {.list_hash = kListOf50};
    TakeMachineLine(message, record);
    EXPECT_EQ(record.line, "") << message.substr(0, 40);
  }
}

// 200 of them are in one object, which must not grow beyond what a server
// takes.
TEST(NodeRecordTest, TakesNoLineThatIsLongerThanALineIs) {
  NodeRecord record = {.list_hash = kListOf50};

  TakeMachineLine(
      absl::StrCat(R"({"prepull":1,"run":")", std::string(4000, 'a'),
                   R"(","list":null,"code":2,"n":null,"bytes":0,"s":0,)"
                   R"("why":"x"})"),
      record);

  EXPECT_EQ(record.line, "");
}

TEST(NodeRecordTest, ReadsALaterVersion) {
  const absl::StatusOr<NodeRecord> read =
      ParseRecord(R"({"v":7,"job":"u","list":"l","task":"Fetch","round":1,)"
                  R"("state":"Succeeded","at":"2026-01-02T03:04:05Z","pods":1,)"
                  R"("news":{"a":[1]}})");

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->state, NodeState::kSucceeded);
}

TEST(NodeRecordTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "null", "[]", "{}", "{\"v\":1", "\xff",
        R"({"v":"1","job":"u","list":"l","task":"Fetch","round":1,)"
        R"("state":"Failed","at":"","pods":1})",
        R"({"v":1,"job":"u","list":"l","task":"Fetch","round":1,)"
        R"("state":"Active","at":"","pods":1})",
        R"({"v":1,"job":7,"list":"l","task":"Fetch","round":1,)"
        R"("state":"Failed","at":"","pods":1})"}) {
    EXPECT_THAT(ParseRecord(text), StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(NodeRecordTest, IsOneShortLineWhateverThePodSaid) {
  NodeRecord record = RecordOf50();
  record.why = "\n\x1b[31m\xff\"}" + std::string(1 << 20, 'x');

  const std::string text = RecordText(record);

  EXPECT_THAT(text, Not(HasSubstr("\n")));
  EXPECT_LT(text.size(), 4096);
  EXPECT_THAT(ParseRecord(text), IsOk());
}

}  // namespace
}  // namespace prepull
