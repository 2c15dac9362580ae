// The CustomResourceDefinition of Prepulls: manifests/crd.yaml, which the build
// puts into the binary.
#ifndef PREPULL_SRC_DEPLOY_CRD_H_
#define PREPULL_SRC_DEPLOY_CRD_H_

#include "absl/strings/string_view.h"

namespace prepull {

// Returns it as a YAML document.
absl::string_view PrepullCrd();

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_CRD_H_
