// Whether a node's labels fit a selector, by the rules of Kubernetes. Pure.
//
// Source:
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
#ifndef PREPULL_SRC_CONTROLLER_LABEL_MATCH_H_
#define PREPULL_SRC_CONTROLLER_LABEL_MATCH_H_

#include "prepull/deploy/prepull_object.h"
#include "src/controller/views.h"

namespace prepull {

// An empty selector fits every node; an operator that is not known fits none.
bool Fits(const LabelSelector& selector, const LabelMap& labels);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_LABEL_MATCH_H_
