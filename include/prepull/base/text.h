// Text that people and JSON readers can trust, out of text they cannot. Pure.
#ifndef PREPULL_BASE_TEXT_H_
#define PREPULL_BASE_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// `text` on one line of valid UTF-8: control characters become spaces, broken
// bytes U+FFFD, and what exceeds `limit_bytes` an ellipsis.
std::string Printable(absl::string_view text, size_t limit_bytes);

bool IsUtf8(absl::string_view text);

absl::string_view WithoutByteOrderMark(absl::string_view text);

// "1 image", "2 images".
std::string Counted(int64_t count, absl::string_view noun);

}  // namespace prepull

#endif  // PREPULL_BASE_TEXT_H_
