// Makes untrusted text safe to show, and small helpers for text. Pure.
#ifndef PREPULL_BASE_TEXT_H_
#define PREPULL_BASE_TEXT_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace prepull {

// Returns `text` as one line of valid UTF-8 of at most `limit_bytes`: control
// characters become spaces, invalid bytes U+FFFD, and the rest an ellipsis.
std::string Printable(absl::string_view text, size_t limit_bytes);

bool IsUtf8(absl::string_view text);

absl::string_view WithoutByteOrderMark(absl::string_view text);

// Whether `name` is a printable file name that cannot lead out of its folder
// and does not begin with "..", as the kubelet's own names do.
bool IsPlainName(absl::string_view name);

// Returns host and port of "host:port" or "[host]:port"; the port is empty
// where there is none, as in an IPv6 address without brackets. Brackets stay.
std::pair<absl::string_view, absl::string_view> SplitHostPort(
    absl::string_view text);

// Returns "1 image", "2 images".
std::string Counted(int64_t count, absl::string_view noun);

}  // namespace prepull

#endif  // PREPULL_BASE_TEXT_H_
