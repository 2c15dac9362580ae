// Text that people and JSON readers can trust, out of text they cannot, and
// the units people write and read.
//
// Pure functions.
#ifndef PREPULL_BASE_TEXT_H_
#define PREPULL_BASE_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prepull {

// `text` on one line of valid UTF-8: control characters become spaces, broken
// bytes U+FFFD, and what exceeds `limit_bytes` an ellipsis.
std::string Printable(absl::string_view text, size_t limit_bytes);

bool IsUtf8(absl::string_view text);

absl::string_view WithoutByteOrderMark(absl::string_view text);

// `text` without what may be secret in a URL: user info and query strings; also
// without a "user:password@" that it begins with.
std::string WithoutUrlSecrets(absl::string_view text);

// A duration as in Go: "90s", "1h30m", "1.5h", "0". Negative ones, a bare
// number, "inf" and overflow are INVALID_ARGUMENT with a sentence.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// A size in bytes: "35GiB", "1.5TB", "500 MB", "35Gi" as in Kubernetes. A
// negative one, a bare number and overflow are INVALID_ARGUMENT with a
// sentence.
absl::StatusOr<int64_t> ParseBytes(absl::string_view text);

// "0.2s", "38s", "3m02s", "1h00m".
std::string HumanDuration(absl::Duration d);

// Decimal as docker's: "412MB", "1.2GB", "17B".
std::string HumanBytes(int64_t bytes);

// "1 image", "2 images".
std::string Counted(int64_t count, absl::string_view noun);

// How many single-character edits turn `a` into `b`.
int EditDistance(absl::string_view a, absl::string_view b);

}  // namespace prepull

#endif  // PREPULL_BASE_TEXT_H_
