#include "prepull/run/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ExitCodesTest, HaveAWholeRowEachInTheOrderOfTheirNumbers) {
  int last = -1;
  std::set<absl::string_view> names;
  for (const ExitCodeFacts& row : ExitCodes()) {
    EXPECT_GT(static_cast<int>(row.code), last);
    last = static_cast<int>(row.code);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
  }
  EXPECT_EQ(last, 70);
}

TEST(ExitCodesTest, HaveEachItsOwnPrecedence) {
  std::set<int> precedences;
  for (const ExitCodeFacts& row : ExitCodes()) {
    if (row.precedence == 0) continue;
    EXPECT_TRUE(precedences.insert(row.precedence).second) << row.name;
  }
  EXPECT_EQ(precedences.size(), 5u);
}

// A list that cannot be read and a node that is not fit stay so; a run that was
// stopped goes on where it was, and a runtime may come back.
TEST(ExitCodesTest, TellAJobWhatToDo) {
  EXPECT_THAT(ExitCodesWith(JobAction::kFailJob), ElementsAre(2, 5));
  EXPECT_THAT(ExitCodesWith(JobAction::kIgnore), ElementsAre(3, 4));
  EXPECT_THAT(ExitCodesWith(JobAction::kCount), ElementsAre(1, 70));
  EXPECT_THAT(ExitCodesWith(JobAction::kNone), ElementsAre(0));
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
