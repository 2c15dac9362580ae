// Removes secrets from texts that are shown. Pure.
#ifndef PREPULL_BASE_REDACT_H_
#define PREPULL_BASE_REDACT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Returns `text` without what may be secret in a URL, user info and query
// strings, and without a leading "user:password@".
std::string WithoutUrlSecrets(absl::string_view text);

// Returns the message of `error` as reports show it: one printable line of at
// most 1 KiB without query strings and user info in URLs, and without the
// tokens of an Authorization header.
std::string ReportedMessage(const absl::Status& error);

}  // namespace prepull

#endif  // PREPULL_BASE_REDACT_H_
