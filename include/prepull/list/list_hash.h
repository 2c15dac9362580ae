// A short name for a list of images. Pure.
#ifndef PREPULL_LIST_LIST_HASH_H_
#define PREPULL_LIST_LIST_HASH_H_

#include <string>
#include <vector>

#include "prepull/list/image_request.h"

namespace prepull {

// 16 hexadecimal digits, the same for the same images in any order and
// spelling, from version to version.
std::string ListHash(const std::vector<ImageRequest>& requests);

}  // namespace prepull

#endif  // PREPULL_LIST_LIST_HASH_H_
