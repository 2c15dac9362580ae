// What a process ends with, and what each exit code means to whoever started
// it: one table, which help, the Job, the node's label and the tests of the
// systemd unit and the README follow. A new code is an enumerator here, a row
// in exit_code.cc, and the place that returns it.
#ifndef PREPULL_RUN_EXIT_CODE_H_
#define PREPULL_RUN_EXIT_CODE_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace prepull {

// The numbers are the contract.
enum class ExitCode {
  kOk = 0,
  kImagesFailed = 1,
  kBadInput = 2,
  kStopped = 3,
  kNoRuntime = 4,
  kNodeNotFit = 5,
  kInternal = 70,  // EX_SOFTWARE of sysexits.h: a bug of prepull
};

// What a Job does about a pod that ended with the code: an action of
// https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
enum class JobAction {
  kNone,     // the Job is complete
  kCount,    // tries again, --backoff-limit times
  kIgnore,   // tries again, as if the pod had not been: it was evicted
  kFailJob,  // no other try can do better
};

// The name in a podFailurePolicy; "" for kNone.
absl::string_view JobActionName(JobAction action);

// What a run came to.
enum class RunResult { kSucceeded, kFailed, kIncomplete };

// "succeeded", "failed", "incomplete".
absl::string_view RunResultName(RunResult result);

struct ExitCodeFacts {
  ExitCode code = ExitCode::kInternal;
  absl::string_view name;     // "ImagesFailed"
  absl::string_view meaning;  // of fetch, a clause for a list of the codes
  absl::string_view more;     // sentences for help; may be empty
  // Where several codes hold the run ends with that of the lowest precedence;
  // 0 = never one of several.
  int precedence = 0;
  JobAction job = JobAction::kCount;
  bool can_restart = true;  // systemd may start the unit again after it
  RunResult result = RunResult::kFailed;
};

// A row for each code, by number.
absl::Span<const ExitCodeFacts> ExitCodes();

// The row of `code`; that of kInternal for a number without one, which a later
// version may have written.
const ExitCodeFacts& FactsOf(ExitCode code);

// Whether a run for which both codes hold ends with `a`. Both can be one of
// several.
bool Precedes(ExitCode a, ExitCode b);

// The numbers after which a Job does `action`.
std::vector<int> ExitCodesWith(JobAction action);

}  // namespace prepull

#endif  // PREPULL_RUN_EXIT_CODE_H_
