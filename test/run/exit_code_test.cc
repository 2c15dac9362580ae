#include "prepull/run/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <vector>

namespace prepull {
namespace {

using ::testing::IsEmpty;

const auto kSeveral = {ExitCode::kBadInput, ExitCode::kNoRuntime,
                       ExitCode::kNodeNotFit, ExitCode::kStopped,
                       ExitCode::kImagesFailed};

std::vector<int> Numbers(std::initializer_list<ExitCode> codes) {
  std::vector<int> numbers;
  for (const ExitCode code : codes) numbers.push_back(static_cast<int>(code));
  return numbers;
}

TEST(ExitCodesTest, HaveAWholeRowEachInTheOrderOfTheirNumbers) {
  int last = -1;
  std::set<absl::string_view> names;
  for (const ExitCodeFacts& row : ExitCodes()) {
    EXPECT_GT(static_cast<int>(row.code), last);
    last = static_cast<int>(row.code);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
  }
}

TEST(ExitCodesTest, HaveAnOrderWhereSeveralHold) {
  EXPECT_TRUE(std::is_sorted(kSeveral.begin(), kSeveral.end(), Precedes));
  std::set<int> precedences;
  for (const ExitCode code : kSeveral) {
    EXPECT_GT(FactsOf(code).precedence, 0) << FactsOf(code).name;
    EXPECT_TRUE(precedences.insert(FactsOf(code).precedence).second);
  }
  EXPECT_EQ(FactsOf(ExitCode::kOk).precedence, 0);
  EXPECT_EQ(FactsOf(ExitCode::kInternal).precedence, 0);
}

// A list that cannot be read and a node that is not fit stay so, and a run that
// is out of time has had the time of its Job; a runtime may come back.
TEST(ExitCodesTest, TellAJobWhatToDo) {
  EXPECT_EQ(ExitCodesWith(JobAction::kFailJob),
            Numbers({ExitCode::kBadInput, ExitCode::kStopped,
                     ExitCode::kNodeNotFit}));
  EXPECT_EQ(ExitCodesWith(JobAction::kCount),
            Numbers({ExitCode::kImagesFailed, ExitCode::kNoRuntime,
                     ExitCode::kInternal}));
  EXPECT_EQ(ExitCodesWith(JobAction::kNone), Numbers({ExitCode::kOk}));
}

TEST(ExitCodesTest, NameActionsAsKubernetesDoes) {
  EXPECT_EQ(JobActionName(JobAction::kFailJob), "FailJob");
  EXPECT_EQ(JobActionName(JobAction::kIgnore), "Ignore");
  EXPECT_EQ(JobActionName(JobAction::kCount), "Count");
  EXPECT_THAT(JobActionName(JobAction::kNone), IsEmpty());
}

TEST(ExitCodesTest, TellWhatARunCameTo) {
  EXPECT_EQ(RunResultName(FactsOf(ExitCode::kOk).result), "succeeded");
  EXPECT_EQ(RunResultName(FactsOf(ExitCode::kStopped).result), "incomplete");
  for (const ExitCode code :
       {ExitCode::kImagesFailed, ExitCode::kBadInput, ExitCode::kNoRuntime,
        ExitCode::kNodeNotFit, ExitCode::kInternal}) {
    EXPECT_EQ(RunResultName(FactsOf(code).result), "failed");
  }
}

// A status file may be a later version's.
TEST(ExitCodesTest, TakeAnUnknownNumberForAFailure) {
  const ExitCodeFacts& facts = FactsOf(static_cast<ExitCode>(77));

  EXPECT_EQ(facts.result, RunResult::kFailed);
  EXPECT_EQ(facts.job, JobAction::kCount);
}

}  // namespace
}  // namespace prepull
