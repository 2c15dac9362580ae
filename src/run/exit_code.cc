#include "prepull/run/exit_code.h"

#include <algorithm>
#include <array>

namespace prepull {
namespace {

// 2 (bad list) and 5 (node not fit) stay so however often they are tried, and
// after 3 (stopped) the time that was given is over; 1 (an image failed for
// good), 4 (no runtime) and 70 (a bug of prepull) may pass.
constexpr std::array kExitCodes = {
    ExitCodeFacts{
        .code = ExitCode::kOk,
        .name = "Ok",
        .meaning = "every image is on the node, or the failures are tolerated",
        .more = "",
        .precedence = 0,
        .job = JobAction::kNone,
        .can_restart = false,
        .result = RunResult::kSucceeded},
    ExitCodeFacts{
        .code = ExitCode::kImagesFailed,
        .name = "ImagesFailed",
        .meaning = "some image failed for good",
        .more = "--failure-tolerance and --best-effort turn it into 0, and no "
                "other code.",
        .precedence = 5,
        .job = JobAction::kCount,
        .can_restart = false,
        .result = RunResult::kFailed},
    ExitCodeFacts{
        .code = ExitCode::kBadInput,
        .name = "BadInput",
        .meaning = "bad flags, unreadable or empty list: nothing was pulled",
        .more = "",
        .precedence = 1,
        .job = JobAction::kFailJob,
        .can_restart = false,
        .result = RunResult::kFailed},
    ExitCodeFacts{
        .code = ExitCode::kStopped,
        .name = "Stopped",
        .meaning = "stopped by the deadline or a signal: can be continued",
        .more = "Run it again: images on the node are skipped, the rest is "
                "pulled. An image that was still being tried at the deadline "
                "counts as stopped, with its last failure as the reason, not "
                "as failed. Also the end of a run whose sources could not be "
                "read because a registry was away until the deadline.",
        .precedence = 4,
        .job = JobAction::kFailJob,
        .can_restart = true,
        .result = RunResult::kIncomplete},
    ExitCodeFacts{
        .code = ExitCode::kNoRuntime,
        .name = "NoRuntime",
        .meaning = "the runtime cannot be reached",
        .more = "Also the end of a run whose runtime went away and had not "
                "come back by the deadline.",
        .precedence = 2,
        .job = JobAction::kCount,
        .can_restart = true,
        .result = RunResult::kFailed},
    ExitCodeFacts{
        .code = ExitCode::kNodeNotFit,
        .name = "NodeNotFit",
        .meaning = "the node is not fit (disk)",
        .more = "Also the end of a run in which the disk became full.",
        .precedence = 3,
        .job = JobAction::kFailJob,
        .can_restart = false,
        .result = RunResult::kFailed},
    ExitCodeFacts{
        .code = ExitCode::kInternal,
        .name = "Internal",
        .meaning = "internal error: a bug in prepull, never an image's failure",
        .more = "Images that were pulled stay on the node, and the next run "
                "goes on from them. Please report it with its message.",
        .precedence = 0,
        .job = JobAction::kCount,
        .can_restart = true,
        .result = RunResult::kFailed},
};

}  // namespace

absl::string_view JobActionName(JobAction action) {
  switch (action) {
    case JobAction::kCount:
      return "Count";
    case JobAction::kIgnore:
      return "Ignore";
    case JobAction::kFailJob:
      return "FailJob";
    case JobAction::kNone:
      break;
  }
  return "";
}

absl::string_view RunResultName(RunResult result) {
  switch (result) {
    case RunResult::kSucceeded:
      return "succeeded";
    case RunResult::kIncomplete:
      return "incomplete";
    case RunResult::kFailed:
      break;
  }
  return "failed";
}

absl::Span<const ExitCodeFacts> ExitCodes() { return kExitCodes; }

const ExitCodeFacts& FactsOf(ExitCode code) {
  const auto* row = std::find_if(
      kExitCodes.begin(), kExitCodes.end(),
      [code](const ExitCodeFacts& each) { return each.code == code; });
  return row != kExitCodes.end() ? *row : kExitCodes.back();
}

bool Precedes(ExitCode a, ExitCode b) {
  return FactsOf(a).precedence < FactsOf(b).precedence;
}

std::vector<int> ExitCodesWith(JobAction action) {
  std::vector<int> numbers;
  for (const ExitCodeFacts& each : kExitCodes) {
    if (each.job == action) numbers.push_back(static_cast<int>(each.code));
  }
  return numbers;
}

}  // namespace prepull
