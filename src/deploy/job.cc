#include "src/deploy/job.h"

#include <algorithm>
#include <utility>

#include "prepull/run/exit_code.h"
#include "src/deploy/metadata.h"
#include "src/deploy/pod.h"

namespace prepull {
namespace {

// What a pod has beyond the time of fetch, which ends by itself.
constexpr absl::Duration kPodGrace = absl::Minutes(1);
// For pods that wait for their node or their image.
constexpr absl::Duration kTimeToStart = absl::Minutes(5);
// A Job of TALM's ends by its own deadline and no other; fetch is then told to
// stop, and has this long.
constexpr int kTalmGraceSeconds = 5;
// The Job controller's backoff between failed pods
// (DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff in
// https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/job).
constexpr absl::Duration kFirstPause = absl::Seconds(10);
constexpr absl::Duration kMaxPause = absl::Minutes(10);

// The rule that does `action` after the exit codes that call for it.
Yaml OnExitCodes(absl::string_view container, JobAction action) {
  Yaml values = Yaml::List();
  for (const int code : ExitCodesWith(action)) {
    values.Append(Yaml::Number(code));
  }
  return Yaml()
      .Add("action", JobActionName(action))
      .Add("onExitCodes", Yaml()
                              .Add("containerName", container)
                              .Add("operator", "In")
                              .Add("values", std::move(values)));
}

}  // namespace

Yaml Seconds(absl::Duration duration) {
  return Yaml::Number(
      absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))));
}

Yaml PodFailurePolicy(absl::string_view container) {
  const Yaml disrupted =
      Yaml()
          .Add("action", JobActionName(JobAction::kIgnore))
          .Add("onPodConditions",
               Yaml::List({Yaml()
                               .Add("type", "DisruptionTarget")
                               .Add("status", "True")}));
  return Yaml().Add(
      "rules",
      Yaml::List({disrupted, OnExitCodes(container, JobAction::kFailJob),
                  OnExitCodes(container, JobAction::kCount)}));
}

absl::Duration TimeForAllTries(const DeploymentOptions& options) {
  absl::Duration all = options.overall_timeout + kTimeToStart;
  absl::Duration pause = kFirstPause;
  for (int i = 0; i < options.backoff_limit; ++i) {
    all += pause + options.overall_timeout + kPodGrace;
    pause = std::min(2 * pause, kMaxPause);
  }
  return all;
}

void AddPodDeadlines(const DeploymentOptions& options, Yaml& spec) {
  // The kubelet ends a pod that hangs, and keeps its message; the deadline of
  // the Job would delete both.
  spec.Add("activeDeadlineSeconds",
           Seconds(options.overall_timeout + kPodGrace));
  if (options.reader == JobReader::kTalm) {
    spec.Add("terminationGracePeriodSeconds", Yaml::Number(kTalmGraceSeconds));
  }
}

absl::Duration JobDeadline(const DeploymentOptions& options) {
  return options.deadline > absl::ZeroDuration() ? options.deadline
                                                 : TimeForAllTries(options);
}

Yaml Job(const DeploymentOptions& options) {
  Yaml spec;
  spec.Add("backoffLimit", Yaml::Number(options.backoff_limit))
      .Add("activeDeadlineSeconds", Seconds(JobDeadline(options)));
  if (options.kept_for > absl::ZeroDuration()) {
    spec.Add("ttlSecondsAfterFinished", Seconds(options.kept_for));
  }
  // TALM's reader does not know the reason PodFailurePolicy, and what cleans up
  // has other exit codes.
  if (options.reader != JobReader::kTalm && options.cleans.empty()) {
    spec.Add("podFailurePolicy", PodFailurePolicy(kFetchContainer));
  }
  spec.Add("template", PodTemplate(options));
  return Yaml()
      .Add("apiVersion", "batch/v1")
      .Add("kind", "Job")
      .Add("metadata", Metadata(options, JobName(options)))
      .Add("spec", std::move(spec));
}

}  // namespace prepull
