#include "src/controller/shard_write.h"

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
using ::testing::SizeIs;

using ShardMap = std::map<std::string, ShardView>;

NodeRecord RecordAt(const std::string& at, const std::string& uid = "u1") {
  return {.job_uid = uid,
          .list_hash = "0ed9e5f3c7f62b06",
          .task = "Fetch",
          .round = 1,
          .state = NodeState::kSucceeded,
          .ended_at = at,
          .pods = 1};
}

JobStep RecordStep(const std::string& node) {
  return {.kind = JobStep::Kind::kRecord,
          .node = node,
          .record = RecordAt("2026-01-02T03:04:05Z", "new")};
}

std::vector<JobStep> RecordSteps(int from, int to) {
  std::vector<JobStep> steps;
  for (int i = from; i < to; ++i) {
    steps.push_back(RecordStep(absl::StrCat("w", i)));
  }
  return steps;
}

ShardView ShardOf(int number, int from, int to) {
  ShardView shard = {.name = absl::StrCat("app-results-", number),
                     .prepull = "app",
                     .version = absl::StrCat(100 + number)};
  for (int i = from; i < to; ++i) {
    shard.records[absl::StrCat("w", i)] = RecordAt("2026-01-02T03:00:00Z");
  }
  return shard;
}

ShardMap ShardsOf(std::vector<ShardView> shards) {
  ShardMap map;
  for (ShardView& each : shards) {
    const std::string name = each.name;
    map[name] = std::move(each);
  }
  return map;
}

std::vector<ShardWrite> Writes(const ShardMap& shards,
                               const std::vector<JobStep>& steps) {
  return ShardWritesOf({.name = "app"}, shards, RecordsIn(shards, ""), steps);
}

TEST(ShardWriteTest, WithoutResultsThereIsNothingToWrite) {
  EXPECT_THAT(Writes({}, {}), IsEmpty());
  EXPECT_THAT(Writes(ShardsOf({ShardOf(0, 0, 5)}),
                     {{.kind = JobStep::Kind::kDelete, .node = "w1"}}),
              IsEmpty());
}

TEST(ShardWriteTest, TheFirstResultsMakeTheFirstShard) {
  const std::vector<ShardWrite> writes = Writes({}, RecordSteps(0, 3));

  ASSERT_THAT(writes, SizeIs(1));
  EXPECT_EQ(writes[0].name, "app-results-0");
  EXPECT_TRUE(writes[0].is_new);
  EXPECT_EQ(writes[0].version, "");
  EXPECT_THAT(writes[0].records, SizeIs(3));
}

TEST(ShardWriteTest, ANodeStaysInItsShard) {
  const ShardMap shards = ShardsOf({ShardOf(0, 0, 10), ShardOf(1, 10, 20)});

  const std::vector<ShardWrite> writes =
      Writes(shards, {RecordStep("w15"), RecordStep("w30")});

  ASSERT_THAT(writes, SizeIs(2));
  EXPECT_EQ(writes[0].name, "app-results-0");
  EXPECT_EQ(writes[0].version, "100");
  EXPECT_FALSE(writes[0].is_new);
  EXPECT_TRUE(writes[0].records.contains("w30"));
  EXPECT_EQ(writes[1].name, "app-results-1");
  EXPECT_TRUE(writes[1].records.contains("w15"));
}

TEST(ShardWriteTest, AFullShardTakesNoOtherNode) {
  const ShardMap shards = ShardsOf({ShardOf(0, 0, 198)});

  const std::vector<ShardWrite> writes = Writes(shards, RecordSteps(500, 905));

  ASSERT_THAT(writes, SizeIs(4));
  EXPECT_THAT(writes[0].records, SizeIs(2));
  EXPECT_THAT(writes[1].records, SizeIs(200));
  EXPECT_THAT(writes[2].records, SizeIs(200));
  EXPECT_THAT(writes[3].records, SizeIs(3));
  EXPECT_FALSE(writes[0].is_new);
  EXPECT_TRUE(writes[3].is_new);
}

// One of them has been deleted by hand.
TEST(ShardWriteTest, AGapIsFilled) {
  const ShardMap shards = ShardsOf({ShardOf(1, 0, 200)});

  const std::vector<ShardWrite> writes = Writes(shards, RecordSteps(500, 701));

  ASSERT_THAT(writes, SizeIs(2));
  EXPECT_EQ(writes[0].name, "app-results-0");
  EXPECT_EQ(writes[1].name, "app-results-2");
}

// Two controllers have found two places at once.
TEST(ShardWriteTest, ANodeThatIsInTwoLeavesTheOlder) {
  ShardMap shards = ShardsOf({ShardOf(0, 0, 3), ShardOf(1, 3, 5)});
  shards["app-results-1"].records["w1"] = RecordAt("2026-01-02T03:30:00Z");

  const std::vector<ShardWrite> writes = Writes(shards, {});

  ASSERT_THAT(writes, SizeIs(1));
  EXPECT_EQ(writes[0].name, "app-results-0");
  EXPECT_THAT(writes[0].removed, ElementsAre("w1"));
  EXPECT_EQ(writes[0].Patch(), R"({"data":{"w1":null}})");
}

// It is about to go with that one, and what is written to it with it.
TEST(ShardWriteTest, AShardOfAnEarlierPrepullIsNotTouched) {
  ShardMap shards = ShardsOf({ShardOf(0, 0, 3)});
  shards["app-results-0"].owner_uid = "earlier";

  const std::vector<ShardWrite> writes =
      ShardWritesOf({.name = "app", .uid = "present"}, shards,
                    RecordsIn(shards, "present"), {RecordStep("w1")});

  ASSERT_THAT(writes, SizeIs(1));
  EXPECT_EQ(writes[0].name, "app-results-1");
  EXPECT_TRUE(writes[0].is_new);
}

TEST(ShardWriteTest, PatchesOnlyItsOwnKeys) {
  const std::vector<ShardWrite> writes =
      Writes(ShardsOf({ShardOf(0, 0, 10)}), {RecordStep("w1")});

  EXPECT_EQ(writes[0].Patch(),
            R"({"data":{"w1":"{\"v\":1,\"job\":\"new\",)"
            R"(\"list\":\"0ed9e5f3c7f62b06\",\"task\":\"Fetch\",\"round\":1,)"
            R"(\"state\":\"Succeeded\",\"at\":\"2026-01-02T03:04:05Z\",)"
            R"(\"pods\":1}"}})");
}

TEST(ShardWriteTest, ANewShardComesBackAsItsView) {
  const std::vector<ShardWrite> writes = Writes({}, RecordSteps(0, 3));

  const absl::StatusOr<JsonDocument> document =
      JsonDocument::Parse(NewShardText(writes[0], "prepull", "app", "77b0"));

  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(LabelOf(document->root(), kKindLabel), kResultsKind);
  const ShardView view = ViewOfShard(document->root());
  EXPECT_EQ(view.name, "app-results-0");
  EXPECT_EQ(view.prepull, "app");
  EXPECT_EQ(view.owner_uid, "77b0");
  EXPECT_THAT(view.records, SizeIs(3));
  EXPECT_EQ(view.records.at("w2").job_uid, "new");
}

// etcd takes 1.5 MiB, a ConfigMap 1 MiB.
TEST(ShardWriteTest, AFullShardOfTheLongestRecordsIsNotTooLarge) {
  std::vector<JobStep> steps;
  for (int i = 0; i < 200; ++i) {
    JobStep step = RecordStep(absl::StrCat(std::string(240, 'w'), i));
    step.record.why = std::string(5000, '"');
    step.record.line = std::string(kMaxMachineLineBytes, '"');
    steps.push_back(std::move(step));
  }

  const std::vector<ShardWrite> writes = Writes({}, steps);

  ASSERT_THAT(writes, SizeIs(1));
  size_t bytes = 0;
  for (const auto& [node, record] : writes[0].records) {
    bytes += node.size() + RecordText(record).size();
  }
  EXPECT_LT(bytes, 1 << 20);
}

}  // namespace
}  // namespace prepull
