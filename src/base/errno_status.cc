#include "prepull/base/errno_status.h"

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace prepull {

std::string ErrnoText(int error) {
  char buffer[256];
  // The GNU variant returns a text that may or may not be in the buffer.
  std::string text = strerror_r(error, buffer, sizeof(buffer));
  if (!text.empty()) text[0] = absl::ascii_tolower(text[0]);
  return text;
}

absl::Status ErrnoStatus(int error, absl::string_view what) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(what, ": ", ErrnoText(error)));
}

}  // namespace prepull
