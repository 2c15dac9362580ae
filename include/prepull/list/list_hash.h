// A short identifier of a list of images. Pure.
#ifndef PREPULL_LIST_LIST_HASH_H_
#define PREPULL_LIST_LIST_HASH_H_

#include <string>
#include <vector>

#include "prepull/list/image_request.h"

namespace prepull {

// Returns 16 hexadecimal digits that depend on the set of images only, not on
// their order and spelling, nor on the version of prepull.
std::string ListHash(const std::vector<ImageRequest>& requests);

}  // namespace prepull

#endif  // PREPULL_LIST_LIST_HASH_H_
