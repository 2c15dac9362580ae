// What the API server says of a request that it refuses. Pure.
#ifndef PREPULL_SRC_KUBE_API_MESSAGE_H_
#define PREPULL_SRC_KUBE_API_MESSAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// The message of the Status in `body`, printable and short; empty if there is
// none. Should it repeat `secret`, that is cut out.
std::string ApiMessage(absl::string_view body, absl::string_view secret);

}  // namespace prepull

#endif  // PREPULL_SRC_KUBE_API_MESSAGE_H_
