// The normal form of a list, and its hash: one identifier for the same list in
// machine lines, names of ConfigMaps and leases. Pure.
#ifndef PREPULL_LIST_LIST_HASH_H_
#define PREPULL_LIST_LIST_HASH_H_

#include <string>
#include <vector>

#include "prepull/list/image_request.h"

namespace prepull {

// Returns a line for each of `requests`, in order: the normalised image that is
// pulled and its options; of a malformed line its text. Each ends in a newline.
// Read as a list it has the same normal form.
std::string NormalisedList(const std::vector<ImageRequest>& requests);

// Returns the first 16 hexadecimal digits of the SHA-256 of NormalisedList. It
// depends on the order and the options of the images, not on their spelling,
// on comments, nor on the version of prepull.
std::string ListHash(const std::vector<ImageRequest>& requests);

}  // namespace prepull

#endif  // PREPULL_LIST_LIST_HASH_H_
