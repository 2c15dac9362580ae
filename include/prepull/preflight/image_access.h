// Which pods may use the images that prepull pulls. Pure.
//
// Since Kubernetes 1.35 the kubelet may ask for a pod's own credentials before
// the pod may use an image that is on the node already. It keeps records
// (/var/lib/kubelet/image_manager) of the images that it pulled itself and of
// the credentials that could; for what prepull pulls there are none.
// Source: https://kep.k8s.io/2535, and Kubernetes' pkg/kubelet/images:
// EnsureImageExists, and MustAttemptImagePull below pullmanager.
#ifndef PREPULL_PREFLIGHT_IMAGE_ACCESS_H_
#define PREPULL_PREFLIGHT_IMAGE_ACCESS_H_

#include "absl/status/statusor.h"
#include "prepull/preflight/finding.h"
#include "prepull/preflight/kubelet_config.h"

namespace prepull {

// Returns the finding "kubelet": a warning if pods have to ask the registry for
// an image that is there, or if the configuration could not be read.
Finding EvaluateImageAccess(const absl::StatusOr<KubeletConfig>& config);

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_IMAGE_ACCESS_H_
