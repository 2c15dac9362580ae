#include "src/cli/preflight_flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr absl::Duration kLookTimeout = absl::Seconds(10);
// The end of the run waits for it.
constexpr absl::Duration kLastLookTimeout = absl::Seconds(1);

}  // namespace

bool IsAway(const absl::Status& error) {
  return error.code() == absl::StatusCode::kUnavailable ||
         error.code() == absl::StatusCode::kDeadlineExceeded ||
         error.code() == absl::StatusCode::kCancelled;
}

void AddPreflightFlags(Command& command, PreflightOptions& options) {
  DiskDemand& demand = options.demand;
  command.Custom({.name = "--space-required",
                  .value = "SIZE",
                  .text = "what must be available for images below the "
                          "threshold, as 35GiB, and 1% of the inodes; else "
                          "the node is not fit (exit code 5)"},
                 [&demand](const std::string& text) {
                   ASSIGN_OR_RETURN(demand.space_required_bytes,
                                    ParseBytes(text));
                   return absl::OkStatus();
                 });
  command.Integer({.name = "--gc-high-threshold",
                   .value = "N",
                   .text = "percent of the disk at which the kubelet begins "
                           "to delete images (imageGCHighThresholdPercent)",
                   .fallback = "85"},
                  1, 100, demand.gc_high_threshold_percent);
  command.Text({.name = "--host-root",
                .value = "DIR",
                .text = "where the host's root is to be seen from here",
                .fallback = "/",
                .is_path = true},
               options.host_root);
}

absl::Status CheckDisk(const PreflightOptions& options,
                       ContainerRuntime& runtime, absl::Duration timeout,
                       const CommandContext& context) {
  const bool is_required = options.demand.space_required_bytes.has_value();
  const absl::StatusOr<ImageDisk> disk =
      LookAtImageDisk(runtime, context.files, options.host_root,
                      std::min(timeout, kLookTimeout), context.stop);
  if (IsAway(disk.status())) {
    return is_required ? Annotate(disk.status(), "ask where the images are")
                       : absl::OkStatus();
  }
  // Whoever did not ask need not read that there is nothing to be looked at.
  if (!is_required && absl::IsNotFound(disk.status())) return absl::OkStatus();
  std::vector<std::string> failures;
  for (const Finding& finding : JudgeImageDisk(disk, options.demand)) {
    if (finding.result == CheckResult::kFailed)
      failures.push_back(finding.detail);
    if (finding.result == CheckResult::kWarning) {
      Log(LogLevel::kWarn, finding.detail);
    }
  }
  if (failures.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(failures, "; "));
}

void WarnOfFullDisk(const PreflightOptions& options, ContainerRuntime& runtime,
                    const CommandContext& context) {
  const absl::StatusOr<ImageDisk> disk =
      LookAtImageDisk(runtime, context.files, options.host_root,
                      kLastLookTimeout, context.stop);
  // What cannot be seen was told before the pulls; and space that was required
  // is used by now.
  if (!disk.ok() || !disk->usage.ok()) return;
  const DiskDemand demand = {.gc_high_threshold_percent =
                                 options.demand.gc_high_threshold_percent};
  for (const Finding& finding : JudgeImageDisk(disk, demand)) {
    if (finding.result == CheckResult::kOk) continue;
    Log(LogLevel::kWarn, finding.detail);
  }
}

}  // namespace prepull
