// An http or https URL in the parts that a client needs. Pure.
#ifndef PREPULL_SRC_HTTP_URL_H_
#define PREPULL_SRC_HTTP_URL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct Url {
  bool is_secure = false;
  std::string host = "";  // a name, or an address without brackets
  uint16_t port = 0;
  std::string authority = "";  // as the Host header has it
  std::string target = "";     // path and query, begins with /
};

// Errors: INVALID_ARGUMENT  with a sentence that shows nothing of the URL,
// since it may hold a secret; user info is refused.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// `text` with its "%40" undone. Errors: INVALID_ARGUMENT  as ParseUrl's.
absl::StatusOr<std::string> PercentDecoded(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_URL_H_
