#include "src/controller/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/report/run_document.h"
#include "src/controller/phase.h"
#include "test/controller/fleet_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kGoldenStatus[] = "test/golden/prepull_status.json";

class StatusTextTest : public FleetTest {
 protected:
  FateSummary Summary() const { return Summarise(Fates(), spec.retry_times); }

  // As a decision describes it.
  std::string Text(StatusFacts facts) const {
    facts.summary = Summary();
    facts.list_hash = hash();
    facts.list_name = "app-" + hash();
    facts.images = static_cast<int64_t>(group().images.size());
    facts.resolved_at = "2026-01-02T03:00:01Z";
    facts.started_at = "2026-01-02T03:00:00Z";
    DescribePhase({.has_list = true, .wave = "wave 2 of 3"}, facts);
    return StatusText(prepull_, "prepull", facts, now);
  }

  void PutFailed(const std::string& node, const std::vector<int>& places) {
    NodeRecord record = RecordWith(node, NodeState::kFailed);
    record.code = 1;
    record.why = "words";
    TakeMachineLine(
        FailedMessage(hash(), static_cast<int>(group().images.size()), places),
        record);
    ASSERT_NE(record.line, "");
    PutRecord(node, record);
  }

  // One node in each state.
  void PutMixedNodes() {
    AddNodes(6);
    cluster.nodes[NodeName(7)] = DeadNode();
    PutRecord("w001", NodeState::kSucceeded);
    PutFailed("w002", {1});
    PutRecord("w003", NodeState::kTimedOut);
    PutJob(WantedJob("w004"));
    PutPod(RunningPod("w004"));
    PutJob(WantedJob("w005"));
    PodView waiting = RunningPod("w005");
    waiting.sight = {.phase = "Pending", .waiting = "Unschedulable: full"};
    PutPod(waiting);
  }

  PrepullView prepull_ = {
      .name = "app",
      .generation = 3,
      .status = {.conditions = {{.type = "Resolved",
                                 .status = "True",
                                 .changed = "2026-01-02T03:00:01Z"},
                                {.type = "Progressing",
                                 .status = "False",
                                 .changed = "2026-01-02T03:00:01Z"}}}};
};

TEST_F(StatusTextTest, CountsEachNodeOnce) {
  PutMixedNodes();

  const NodeCounts nodes = Summary().nodes;

  EXPECT_EQ(nodes.total, 7);
  EXPECT_EQ(nodes.succeeded, 1);
  EXPECT_EQ(nodes.failed, 1);
  EXPECT_EQ(nodes.timed_out, 1);
  EXPECT_EQ(nodes.active, 2);
  EXPECT_EQ(nodes.not_started, 1);
  EXPECT_EQ(nodes.unreachable, 1);
}

// Until it is on record it may be lost, and holds its slot.
TEST_F(StatusTextTest, AnEndCountsOnceItIsOnRecord) {
  AddNodes(1);
  PutJob(OverJob("w001", Ended("Complete")));
  PutPod(EndedPodOf("w001", 0));

  EXPECT_EQ(Summary().nodes.active, 1);
  PutRecord("w001", NodeState::kSucceeded);
  EXPECT_EQ(Summary().nodes.succeeded, 1);
}

TEST_F(StatusTextTest, GroupsFailuresByImageAndReason) {
  AddNodes(15);
  for (int i = 1; i <= 13; ++i) PutFailed(NodeName(i), {1});
  PutFailed("w014", {0, 1});

  const FateSummary summary = Summary();

  ASSERT_THAT(summary.failures, SizeIs(2));
  EXPECT_EQ(summary.failures[0].image, "quay.io/a:1");
  EXPECT_THAT(summary.failures[0].nodes, ElementsAre("w014"));
  EXPECT_EQ(summary.failures[0].more, 0);
  EXPECT_EQ(summary.failures[1].image, "quay.io/b:1");
  EXPECT_EQ(summary.failures[1].reason, "NotFound");
  EXPECT_EQ(summary.failures[1].message, "manifest unknown");
  EXPECT_THAT(summary.failures[1].nodes, SizeIs(10));
  EXPECT_EQ(summary.failures[1].more, 4);
  EXPECT_EQ(summary.images.failed, 15);
  EXPECT_EQ(summary.images.pulled, 13);
}

TEST_F(StatusTextTest, SaysOfANodeThatTriesAgainWhatHasFailed) {
  AddNodes(1);
  JobView job = WantedJob("w001");
  job.sight.failed = 1;
  PutJob(job);
  PodView first = EndedPodOf("w001", 1, FailedMessage(hash(), 2, {1}));
  first.created = now - absl::Minutes(5);
  PutPod(first);
  PutPod(RunningPod("w001"));

  const std::vector<FailedNode> nodes = Summary().failed_nodes;

  ASSERT_THAT(nodes, SizeIs(1));
  EXPECT_EQ(nodes[0].node, "w001");
  EXPECT_EQ(nodes[0].state, "Active");
  EXPECT_EQ(nodes[0].image, "quay.io/b:1");
  EXPECT_EQ(nodes[0].reason, "NotFound");
  EXPECT_EQ(nodes[0].message, "manifest unknown");
  EXPECT_EQ(nodes[0].since, "2026-01-02T03:04:00Z");
  EXPECT_EQ(nodes[0].pod, "2 of 3");
}

// Its places are those of another list.
TEST_F(StatusTextTest, NamesNoImageOfThePresentListForAnOlderJob) {
  AddNodes(1);
  PutJob(OlderJob("w001"));
  PutPod(EndedPodOf("w001", 1, FailedMessage("ffffffffffffffff", 2, {1})));

  const std::vector<FailedNode> nodes = Summary().failed_nodes;

  ASSERT_THAT(nodes, SizeIs(1));
  EXPECT_EQ(nodes[0].image, "image 2");
  EXPECT_EQ(nodes[0].reason, "NotFound");
}

TEST_F(StatusTextTest, SaysWhatANodeWaitsFor) {
  PutMixedNodes();

  std::vector<std::string> texts;
  for (const FailedNode& each : Summary().failed_nodes) {
    texts.push_back(absl::StrCat(each.node, " ", each.state, " ", each.reason,
                                 " ", each.since, ": ", each.message));
  }

  EXPECT_THAT(
      texts,
      ElementsAre("w002 Failed NotFound 2026-01-02T03:00:00Z: manifest unknown",
                  "w003 TimedOut NoResult 2026-01-02T03:00:00Z: ",
                  "w005 Starting Starting 2026-01-02T02:59:05Z: "
                  "Unschedulable: full",
                  "w007 Unreachable Unreachable 2026-01-02T03:00:00Z: "
                  "NodeStatusUnknown: no status"));
}

TEST_F(StatusTextTest, SaysWhyANamedNodeCannotBeAsked) {
  spec.node_names = {"gone"};

  const FateSummary summary = Summary();

  EXPECT_EQ(summary.nodes.failed, 1);
  ASSERT_THAT(summary.failed_nodes, SizeIs(1));
  EXPECT_EQ(summary.failed_nodes[0].reason, "NotUsable");
  EXPECT_EQ(summary.failed_nodes[0].message, "there is no such node");
}

// A Ready condition that never was has no time.
TEST_F(StatusTextTest, LeavesOutATimeThatIsNotKnown) {
  cluster.nodes["w001"] = {.why_not_ready = "NotYet"};

  EXPECT_THAT(Text({}), Not(testing::HasSubstr("infinite")));
  EXPECT_EQ(Summary().failed_nodes.at(0).since, "");
}

TEST_F(StatusTextTest, EqualsTheGoldenFile) {
  PutMixedNodes();

  const std::string text = Indented(Text({.round = 2, .retry_at = "monday"}));

  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kGoldenStatus) << text;
  }
  std::ostringstream golden;
  golden << std::ifstream(kGoldenStatus).rdbuf();
  EXPECT_EQ(text, golden.str()) << "UPDATE_GOLDEN=1 refreshes it";
}

TEST_F(StatusTextTest, AConditionKeepsItsTimeUntilItChanges) {
  const absl::StatusOr<JsonDocument> text = JsonDocument::Parse(Text({}));

  ASSERT_THAT(text, IsOk());
  const std::vector<JsonValue> conditions =
      (*text)["status"]["conditions"].elements();
  ASSERT_THAT(conditions, SizeIs(6));
  EXPECT_EQ(conditions[0]["type"].string(), "Resolved");
  EXPECT_EQ(conditions[0]["lastTransitionTime"].string(),
            "2026-01-02T03:00:01Z");
  EXPECT_EQ(conditions[1]["type"].string(), "Progressing");
  EXPECT_EQ(conditions[1]["lastTransitionTime"].string(),
            "2026-01-02T03:04:05Z");
  EXPECT_EQ(conditions[1]["observedGeneration"].integer(), 3);
}

TEST_F(StatusTextTest, ComesBackAsTheStatusThatDecisionsFollow) {
  const absl::StatusOr<JsonDocument> text =
      JsonDocument::Parse(Text({.round = 2, .retry_at = "monday"}));

  ASSERT_THAT(text, IsOk());
  const PrepullStatus status = ViewOfPrepull(text->root()).status;
  EXPECT_EQ(status.generation, 3);
  EXPECT_EQ(status.round, 2);
  EXPECT_EQ(status.retry_at, "monday");
  EXPECT_EQ(status.started_at, "2026-01-02T03:00:00Z");
  EXPECT_EQ(status.phase, "Pulling");
  EXPECT_EQ(status.list_hash, hash());
  EXPECT_EQ(status.resolved_at, "2026-01-02T03:00:01Z");
  ASSERT_NE(status.Find("Progressing"), nullptr);
  EXPECT_EQ(status.Find("Progressing")->status, "True");
}

// KubeEdge's grows with nodes times images and reaches what etcd takes.
TEST_F(StatusTextTest, IsBoundedHoweverManyNodesAndImagesFail) {
  std::string list;
  std::vector<int> places;
  for (int i = 0; i < 50; ++i) {
    absl::StrAppend(&list, "quay.io/organisation/application-number-", i,
                    "@sha256:", std::string(64, 'a'), "\n");
    places.push_back(i);
  }
  SetList(list);
  const std::string node_start = "ip-10-0-100-200.eu-central-1.compute-";
  NodeRecord record = RecordWith("any", NodeState::kFailed);
  TakeMachineLine(FailedMessage(hash(), 50, places), record);
  for (MachineResult::Failure& each : record.failures) {
    each.message = std::string(1000, 'm');
  }
  record.why = std::string(1000, 'w');
  for (int i = 0; i < 5000; ++i) {
    const std::string node = absl::StrCat(node_start, i);
    cluster.nodes[node] = ReadyNode();
    shard.records[node] = record;
  }
  cluster.PutShard(shard);

  const FateSummary summary = Summary();
  const std::string text = Text({});

  EXPECT_EQ(summary.nodes.failed, 5000);
  EXPECT_THAT(summary.failures, SizeIs(50));
  EXPECT_THAT(summary.failed_nodes, SizeIs(100));
  EXPECT_EQ(summary.failed_nodes_omitted, 4900);
  EXPECT_LT(text.size(), 100'000);
}

TEST_F(StatusTextTest, NodesThatHaveEndedComeBeforeThoseThatWait) {
  for (int i = 1; i <= 150; ++i) cluster.nodes[NodeName(i)] = DeadNode();
  cluster.nodes["w151"] = ReadyNode();
  PutFailed("w151", {0});

  const FateSummary summary = Summary();

  EXPECT_EQ(summary.failed_nodes.front().node, "w151");
  EXPECT_THAT(summary.failed_nodes, SizeIs(100));
  EXPECT_EQ(summary.failed_nodes_omitted, 51);
}

TEST_F(StatusTextTest, HostileWordsStayOneLineOfText) {
  AddNodes(1);
  PutJob(WantedJob("w001"));
  PutPod(EndedPodOf("w001", 1, "\x1b[31m\xff\"}\n" + std::string(9999, 'x')));
  prepull_.name = "app\"\n";

  const std::string text = Text({});

  EXPECT_THAT(JsonDocument::Parse(text), IsOk());
  EXPECT_THAT(text, Not(testing::HasSubstr("\n")));
  EXPECT_LT(text.size(), 5000);
}

// The names in the schema's part `status`, each with those that it is in.
std::set<std::string> SchemaPaths() {
  std::ifstream file("manifests/crd.yaml");
  std::set<std::string> paths;
  std::vector<std::pair<size_t, std::string>> above;
  for (std::string line; std::getline(file, line);) {
    const absl::string_view text = absl::StripLeadingAsciiWhitespace(line);
    if (text.empty() || text[0] == '-' || text[0] == '#') continue;
    const size_t indent = line.size() - text.size();
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(text, absl::MaxSplits(':', 1));
    while (!above.empty() && above.back().first >= indent) above.pop_back();
    std::string path;
    bool is_field = false;
    for (const auto& [at, key] : above) {
      if (is_field) absl::StrAppend(&path, ".", key);
      is_field = key == "properties";
    }
    if (is_field) paths.insert(absl::StrCat(path, ".", parts.first));
    above.emplace_back(indent, std::string(parts.first));
  }
  return paths;
}

void AddPaths(JsonValue value, const std::string& path,
              std::set<std::string>& paths) {
  for (const JsonValue each : value.elements()) AddPaths(each, path, paths);
  for (const auto& [key, member] : value.members()) {
    const std::string name = absl::StrCat(path, ".", key);
    paths.insert(name);
    AddPaths(member, name, paths);
  }
}

TEST_F(StatusTextTest, HasNoFieldThatTheSchemaHasNot) {
  PutMixedNodes();
  JobView job = WantedJob("w006");
  job.sight.failed = 1;
  PutJob(job);
  PutPod(EndedPodOf("w006", 1, FailedMessage(hash(), 2, {1})));

  const absl::StatusOr<JsonDocument> text = JsonDocument::Parse(Text({}));

  ASSERT_THAT(text, IsOk());
  std::set<std::string> paths;
  AddPaths((*text)["status"], ".status", paths);
  EXPECT_THAT(paths, Contains(".status.failedNodes.pod"));
  EXPECT_THAT(SchemaPaths(), IsSupersetOf(paths));
}

}  // namespace
}  // namespace prepull
