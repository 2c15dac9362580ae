// The Job: its tries, its deadlines and what it makes of exit codes.
#ifndef PREPULL_SRC_DEPLOY_JOB_H_
#define PREPULL_SRC_DEPLOY_JOB_H_

#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// Adds to the spec of a Job's pod when the kubelet ends it.
void AddPodDeadlines(const DeploymentOptions& options, Yaml& spec);

Yaml Job(const DeploymentOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_JOB_H_
