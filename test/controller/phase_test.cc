#include "src/controller/phase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct PhaseRow {
  std::string what;
  PhaseFacts facts;
  NodeCounts nodes;
  std::string phase;
  std::string message;
  std::string conditions;  // the types of those that are True
};

StatusFacts Described(const PhaseFacts& facts, const NodeCounts& nodes) {
  StatusFacts status = {.summary = {.nodes = nodes}};
  DescribePhase(facts, status);
  return status;
}

std::string TrueOnes(const StatusFacts& status) {
  std::string types;
  for (const Condition& each : status.conditions) {
    if (each.status != "True") continue;
    types += (types.empty() ? "" : " ") + each.type;
  }
  return types;
}

const Condition& Named(const StatusFacts& status, const std::string& type) {
  for (const Condition& each : status.conditions) {
    if (each.type == type) return each;
  }
  static const Condition* const none = new Condition();
  return *none;
}

NodeCounts Nodes(int64_t succeeded, int64_t failed, int64_t timed_out,
                 int64_t unreachable = 0) {
  return {.total = succeeded + failed + timed_out + unreachable,
          .succeeded = succeeded,
          .failed = failed,
          .timed_out = timed_out,
          .unreachable = unreachable};
}

void CheckPhases(const std::vector<PhaseRow>& rows) {
  for (const PhaseRow& row : rows) {
    const StatusFacts status = Described(row.facts, row.nodes);
    EXPECT_EQ(status.phase, row.phase) << row.what;
    EXPECT_EQ(status.message, row.message) << row.what;
    EXPECT_EQ(TrueOnes(status), row.conditions) << row.what;
  }
}

TEST(PhaseTest, WithoutAList) {
  const absl::Status malformed = absl::InvalidArgumentError("malformed");
  const absl::Status away = absl::UnavailableError("registry: no answer");
  CheckPhases({
      {"it is being asked for",
       {},
       {},
       "Resolving",
       "the sources are being asked",
       ""},
      {"it cannot be read now",
       {.list_error = away},
       {},
       "Resolving",
       "registry: no answer",
       ""},
      {"it is malformed",
       {.list_error = malformed},
       {},
       "Failed",
       "malformed",
       "Finished Failed"},
      {"the spec is refused",
       {.refused = "spec.mode: unknown word"},
       {},
       "Failed",
       "spec.mode: unknown word",
       "Finished Failed"},
  });
}

TEST(PhaseTest, WhileItIsAtWork) {
  CheckPhases({
      {"plain", {.has_list = true}, {}, "Pulling", "", "Resolved Progressing"},
      {"in a wave",
       {.has_list = true, .wave = "wave 1 of 3"},
       {},
       "Pulling",
       "wave 1 of 3",
       "Resolved Progressing"},
      {"suspended",
       {.has_list = true, .is_suspended = true, .wave = "wave 1 of 3"},
       {},
       "Pulling",
       "suspended",
       "Resolved"},
      {"paused",
       {.has_list = true, .paused = "2 of 5 nodes failed"},
       {},
       "Paused",
       "2 of 5 nodes failed",
       "Resolved Paused"},
      {"not up to date",
       {.has_list = true, .stale = "stale since ten"},
       {},
       "Pulling",
       "stale since ten",
       "Resolved Progressing"},
      {"not up to date in a wave",
       {.has_list = true, .wave = "wave 1 of 3", .stale = "stale since ten"},
       {},
       "Pulling",
       "wave 1 of 3; stale since ten",
       "Resolved Progressing"},
  });
}

TEST(PhaseTest, AtItsEnd) {
  const PhaseFacts end = {.has_list = true, .is_finished = true};
  CheckPhases({
      {"all", end, Nodes(3, 0, 0), "Succeeded", "3 of 3 nodes succeeded",
       "Resolved Finished Complete"},
      {"some failed", end, Nodes(2, 1, 0), "PartiallyFailed",
       "2 of 3 nodes succeeded", "Resolved Finished Failed"},
      {"some are not reached", end, Nodes(2, 0, 0, 1), "PartiallyFailed",
       "2 of 3 nodes succeeded", "Resolved Finished Failed"},
      {"none", end, Nodes(0, 2, 1), "Failed", "0 of 3 nodes succeeded",
       "Resolved Finished Failed"},
      {"none in time", end, Nodes(0, 0, 3), "TimedOut",
       "0 of 3 nodes succeeded", "Resolved Finished Failed"},
      {"nobody", end, Nodes(0, 0, 0), "Failed", "no node fits",
       "Resolved Finished Failed"},
      {"it stays as it ended",
       {.has_list = true, .is_finished = true, .closed_phase = "Succeeded"},
       Nodes(3, 0, 0, 1),
       "Succeeded",
       "3 of 4 nodes succeeded",
       "Resolved Finished Complete"},
      {"the end counts more than a pause",
       {.has_list = true, .is_finished = true, .paused = "too many"},
       Nodes(0, 1, 0),
       "Failed",
       "0 of 1 node succeeded",
       "Resolved Finished Failed"},
  });
}

TEST(PhaseTest, TheLastGoodListCountsAndSaysSo) {
  const StatusFacts status =
      Described({.has_list = true,
                 .list_error = absl::NotFoundError("spec.sources[0]: gone")},
                {});

  EXPECT_EQ(status.phase, "Pulling");
  const Condition& resolved = Named(status, "Resolved");
  EXPECT_EQ(resolved.status, "True");
  EXPECT_EQ(resolved.reason, "LastGoodList");
  EXPECT_THAT(resolved.message, HasSubstr("spec.sources[0]: gone"));
}

TEST(PhaseTest, AListThatIsRefusedSaysWhy) {
  const StatusFacts status = Described(
      {.list_error = absl::InvalidArgumentError("Secret \"x\": not allowed")},
      {});

  EXPECT_EQ(Named(status, "Resolved").status, "False");
  EXPECT_EQ(Named(status, "Resolved").reason, "InvalidList");
  EXPECT_EQ(Named(status, "Resolved").message, "Secret \"x\": not allowed");
  EXPECT_EQ(Named(status, "Failed").message, "Secret \"x\": not allowed");
}

TEST(PhaseTest, HasAllConditionsOfTheContractWithAReason) {
  const StatusFacts status = Described({}, {});

  std::vector<std::string> types;
  for (const Condition& each : status.conditions) {
    types.push_back(each.type);
    EXPECT_NE(each.reason, "") << each.type;
  }
  EXPECT_THAT(types, ElementsAre("Resolved", "Progressing", "Paused",
                                 "Finished", "Complete", "Failed"));
}

}  // namespace
}  // namespace prepull
