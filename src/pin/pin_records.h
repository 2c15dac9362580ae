// On which of the runtime's image records a pin is written.
//
// An image has a record for each of its names: its tags, repository@digest of
// each repository, and its id. containerd counts it as pinned while any of
// them is, and a pull rewrites the tag's record with no pin: so a pin goes on
// the tag, the digests of the same repository and the id, and on no tag that
// the list does not name. Pure.
// Source: containerd's pkg/cri/labels and store/image, tried on 1.7.24, 2.1.9.
#ifndef PREPULL_SRC_PIN_PIN_RECORDS_H_
#define PREPULL_SRC_PIN_PIN_RECORDS_H_

#include <string>
#include <vector>

#include "prepull/image/reference.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

// The names of the records that pin `stored`, which a list names as
// `reference`: the id first, which no pull resets.
std::vector<std::string> RecordsToPin(const Reference& reference,
                                      const StoredImage& stored);

}  // namespace prepull

#endif  // PREPULL_SRC_PIN_PIN_RECORDS_H_
