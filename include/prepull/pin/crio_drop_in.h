// What pins a list's images on CRI-O, which takes no pins over its socket.
#ifndef PREPULL_PIN_CRIO_DROP_IN_H_
#define PREPULL_PIN_CRIO_DROP_IN_H_

#include <string>
#include <vector>

#include "prepull/list/image_request.h"

namespace prepull {

// A file for /etc/crio/crio.conf.d that pins all of `requests` but malformed
// ones, with what to do with it as comments. Ends with a newline. Pure.
// Source: crio.conf(5), pinned_images.
std::string CrioDropIn(const std::vector<ImageRequest>& requests);

}  // namespace prepull

#endif  // PREPULL_PIN_CRIO_DROP_IN_H_
