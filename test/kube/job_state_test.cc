#include "prepull/kube/job_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

NodeState StateOf(const JobSight& job, const PodSight* pod = nullptr,
                  bool is_ready = true) {
  return NodeStateOf({.is_ready = is_ready, .job = &job, .pod = pod}).state;
}

JobSight FailedJob(const std::string& reason,
                   const std::string& type = "Failed") {
  return {.failed = 1, .conditions = {{type, reason, "Job was active"}}};
}

TEST(JobStateTest, WithoutAJobNothingHasStarted) {
  EXPECT_EQ(NodeStateOf({}).state, NodeState::kNotStarted);
  EXPECT_EQ(NodeStateOf({.is_ready = false}).state, NodeState::kUnreachable);
}

TEST(JobStateTest, AJobOfAnOlderListIsInTheWay) {
  EXPECT_EQ(
      StateOf({.is_older = true, .succeeded = 1, .conditions = {{"Complete"}}}),
      NodeState::kPreparing);
}

TEST(JobStateTest, StartsUntilAPodRunsAndSaysWhatItWaitsFor) {
  const JobSight job = {.active = 1};
  const PodSight pod = {.phase = "Pending",
                        .waiting = "0/1 nodes are available: 1 Too many pods."};

  const NodeVerdict verdict = NodeStateOf({.job = &job, .pod = &pod});

  EXPECT_EQ(verdict.state, NodeState::kStarting);
  EXPECT_EQ(verdict.why, "0/1 nodes are available: 1 Too many pods.");
  EXPECT_EQ(StateOf({}), NodeState::kStarting);
}

TEST(JobStateTest, IsActiveBetweenTwoPodsToo) {
  const PodSight running = {.phase = "Running"};
  const PodSight ended = {.phase = "Failed", .exit_code = 1};

  EXPECT_EQ(StateOf({.active = 1}, &running), NodeState::kActive);
  EXPECT_EQ(StateOf({.active = 0, .failed = 1}, &ended), NodeState::kActive);
  const PodSight next = {.phase = "Pending"};
  EXPECT_EQ(StateOf({.active = 1, .failed = 1}, &next), NodeState::kActive);
}

TEST(JobStateTest, SucceedsWhenTheJobIsComplete) {
  EXPECT_EQ(StateOf({.succeeded = 1, .conditions = {{"Complete"}}}),
            NodeState::kSucceeded);
}

TEST(JobStateTest, ThePodsExitCodeTellsHowItFailed) {
  const auto after = [](int code, const std::string& reason) {
    const PodSight pod = {.phase = "Failed", .exit_code = code};
    return StateOf(FailedJob(reason), &pod);
  };
  EXPECT_EQ(after(3, "PodFailurePolicy"), NodeState::kTimedOut);
  EXPECT_EQ(after(3, "BackoffLimitExceeded"), NodeState::kTimedOut);
  EXPECT_EQ(after(1, "BackoffLimitExceeded"), NodeState::kFailed);
  EXPECT_EQ(after(2, "PodFailurePolicy"), NodeState::kFailed);
  EXPECT_EQ(after(137, "BackoffLimitExceeded"), NodeState::kFailed);
  EXPECT_EQ(after(137, "DeadlineExceeded"), NodeState::kTimedOut);
}

TEST(JobStateTest, ADeadlineIsATimeoutWithAPodAndWithout) {
  const PodSight pod = {
      .phase = "Failed", .reason = "DeadlineExceeded", .exit_code = 137};

  EXPECT_EQ(StateOf(FailedJob("BackoffLimitExceeded"), &pod),
            NodeState::kTimedOut);
  EXPECT_EQ(StateOf(FailedJob("DeadlineExceeded")), NodeState::kTimedOut);
  EXPECT_EQ(StateOf(FailedJob("BackoffLimitExceeded")), NodeState::kFailed);
}

// Seen with the kubelet stopped: the pod stays, and Failed does not come.
TEST(JobStateTest, IsOverWithItsFailureTarget) {
  const PodSight running = {.phase = "Running"};
  const JobSight job = FailedJob("DeadlineExceeded", "FailureTarget");

  EXPECT_EQ(StateOf(job, &running), NodeState::kTimedOut);
  const PodSight left = {.phase = "Running", .outlives_its_end = true};
  EXPECT_EQ(StateOf(job, &left, /*is_ready=*/false), NodeState::kUnreachable);
  EXPECT_EQ(StateOf(job, &left, /*is_ready=*/true), NodeState::kTimedOut);
}

TEST(JobStateTest, SaysWhyInTheWordsOfThePodOrElseOfTheJob) {
  const JobSight job = FailedJob("BackoffLimitExceeded");
  const PodSight pod = {.phase = "Failed",
                        .exit_code = 1,
                        .message = "1 of 2 images present; 1 failed (3.0s)\nx"};

  EXPECT_EQ(NodeStateOf({.job = &job, .pod = &pod}).why,
            "1 of 2 images present; 1 failed (3.0s)");
  EXPECT_EQ(NodeStateOf({.job = &job}).why,
            "BackoffLimitExceeded: Job was active");
}

TEST(JobStateTest, TheRecordCountsWhenThereIsOne) {
  const JobSight job = {.active = 1};
  for (const auto& [code, state] : std::vector<std::pair<ExitCode, NodeState>>{
           {ExitCode::kOk, NodeState::kSucceeded},
           {ExitCode::kStopped, NodeState::kTimedOut},
           {ExitCode::kImagesFailed, NodeState::kFailed}}) {
    EXPECT_EQ(NodeStateOf({.job = &job, .record = code}).state, state);
  }
}

TEST(TalmStateTest, KnowsAFewThings) {
  const JobSight between_pods = {.failed = 1};
  const JobSight running = {.active = 1};
  const JobSight complete = {.succeeded = 1, .conditions = {{"Complete"}}};
  const JobSight target = FailedJob("DeadlineExceeded", "FailureTarget");

  EXPECT_EQ(TalmStateOf(nullptr), NodeState::kStarting);
  EXPECT_EQ(TalmStateOf(&running), NodeState::kActive);
  EXPECT_EQ(TalmStateOf(&complete), NodeState::kSucceeded);
  const JobSight timed_out = FailedJob("DeadlineExceeded");
  EXPECT_EQ(TalmStateOf(&timed_out), NodeState::kTimedOut);
  for (const char* reason : {"BackoffLimitExceeded", "PodFailurePolicy"}) {
    const JobSight failed = FailedJob(reason);
    EXPECT_EQ(TalmStateOf(&failed), NodeState::kFailed) << reason;
  }
  EXPECT_EQ(TalmStateOf(&between_pods), NodeState::kFailed);
  EXPECT_EQ(TalmStateOf(&target), NodeState::kFailed);
  EXPECT_EQ(TalmName(NodeState::kTimedOut), "PrecacheTimeout");
}

// A row of the table in manifests/README.md: what Kubernetes shows in a case,
// for the Job of `manifest job` and for that of `--for talm`.
struct ReadmeRow {
  std::string what;
  std::string shown;  // condition and reason, or what there is
  JobSight job;
  PodSight pod;
};

std::string Line(const ReadmeRow& row) {
  return absl::StrCat("| ", row.what, " | ", row.shown, " | ",
                      NodeStateName(StateOf(row.job, &row.pod)), " | ",
                      TalmName(TalmStateOf(&row.job)), " |\n");
}

std::string AfterCodes(absl::Span<const int> codes) {
  return absl::StrCat("exit code ", absl::StrJoin(codes, ", "));
}

JobSight FailedBy(const std::string& reason) {
  return {.failed = 1, .conditions = {{"Failed", reason, ""}}};
}

std::string ReadmeTable() {
  const PodSight none = {};
  std::string table =
      "| what happened | the Job shows | state | TALM's reader |\n"
      "|---|---|---|---|\n";
  const auto add = [&table](const ReadmeRow& row) {
    absl::StrAppend(&table, Line(row));
  };
  add({"a pod waits for its node or image",
       "`active` 1",
       {.active = 1},
       {.phase = "Pending"}});
  add({"a pod runs", "`active` 1", {.active = 1}, {.phase = "Running"}});
  add({"between two pods",
       "`active` 0",
       {.failed = 1},
       {.phase = "Failed", .exit_code = 1}});
  add({AfterCodes(ExitCodesWith(JobAction::kNone)),
       "Complete",
       {.succeeded = 1, .conditions = {{"Complete"}}},
       {.phase = "Succeeded", .exit_code = 0}});
  const auto add_codes = [&](JobAction action, const std::string& reason) {
    std::vector<int> failed;
    for (const int code : ExitCodesWith(action)) {
      if (FactsOf(static_cast<ExitCode>(code)).result ==
          RunResult::kIncomplete) {
        add({AfterCodes({code}),
             "Failed, " + reason,
             FailedBy(reason),
             {.phase = "Failed", .exit_code = code}});
      } else {
        failed.push_back(code);
      }
    }
    const std::string tries =
        action == JobAction::kCount ? ", `--backoff-limit` used up" : "";
    add({AfterCodes(failed) + tries,
         "Failed, " + reason,
         FailedBy(reason),
         {.phase = "Failed", .exit_code = failed.front()}});
  };
  add_codes(JobAction::kCount, "BackoffLimitExceeded");
  add_codes(JobAction::kFailJob, "PodFailurePolicy");
  add({"the pod's deadline, fetch ends with 3",
       "Failed, PodFailurePolicy",
       FailedBy("PodFailurePolicy"),
       {.phase = "Failed", .reason = "DeadlineExceeded", .exit_code = 3}});
  add({"the Job's deadline, the pod is going",
       "FailureTarget",
       {.conditions = {{"FailureTarget", "DeadlineExceeded"}}},
       {.phase = "Running"}});
  add({"the Job's deadline, the pod is gone", "Failed, DeadlineExceeded",
       FailedBy("DeadlineExceeded"), none});
  const auto add_talm = [&](const std::string& what, int code) {
    add({"`--for talm`: exit code " + what,
         "Failed, BackoffLimitExceeded",
         FailedBy("BackoffLimitExceeded"),
         {.phase = "Failed", .exit_code = code}});
  };
  add_talm("1, 2, 4, 5, 70", 1);
  add_talm("3, evicted", 3);
  return table;
}

TEST(JobStateTest, TheTableInTheReadmeIsTrue) {
  std::ifstream file("manifests/README.md");  // tests run at the root
  std::stringstream readme;
  readme << file.rdbuf();

  EXPECT_THAT(readme.str(), HasSubstr(ReadmeTable()));
}

}  // namespace
}  // namespace prepull
