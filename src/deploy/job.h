// The Job: its tries, its deadlines and what it makes of exit codes.
#ifndef PREPULL_SRC_DEPLOY_JOB_H_
#define PREPULL_SRC_DEPLOY_JOB_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// Returns a number of seconds, rounded up.
Yaml Seconds(absl::Duration duration);

// Returns what a Job makes of how its pods end: the container's exit codes are
// fetch's, and pods that were evicted, which end with 3 like those out of time,
// count for nothing.
Yaml PodFailurePolicy(absl::string_view container);

// Adds to the spec of a Job's pod when the kubelet ends it.
void AddPodDeadlines(const DeploymentOptions& options, Yaml& spec);

Yaml Job(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_JOB_H_
