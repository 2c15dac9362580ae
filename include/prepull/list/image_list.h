// What a run is asked for: lists joined, duplicates dropped. Pure.
#ifndef PREPULL_LIST_IMAGE_LIST_H_
#define PREPULL_LIST_IMAGE_LIST_H_

#include <vector>

#include "prepull/list/image_request.h"

namespace prepull {

// `requests` in their order, each image once: two texts that normalise to the
// same name are one image, and the first text and origin are kept, with the
// options of all (where two differ, the first one's). A malformed line is
// never a duplicate of anything.
std::vector<ImageRequest> UniqueImages(std::vector<ImageRequest> requests);

}  // namespace prepull

#endif  // PREPULL_LIST_IMAGE_LIST_H_
