// Drops the duplicates of a list. Pure.
#ifndef PREPULL_LIST_UNIQUE_IMAGES_H_
#define PREPULL_LIST_UNIQUE_IMAGES_H_

#include <vector>

#include "prepull/list/image_request.h"

namespace prepull {

// Returns `requests` in their order, each image once. Two texts that normalise
// to the same name are one image: the first text and origin are kept, with the
// options of all (where two differ, those of the first). A malformed line is
// never a duplicate.
std::vector<ImageRequest> UniqueImages(std::vector<ImageRequest> requests);

}  // namespace prepull

#endif  // PREPULL_LIST_UNIQUE_IMAGES_H_
