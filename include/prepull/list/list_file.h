// The plain list of images: one a line, # starts a comment.
//
// Behind an image stand options, KEY=VALUE: secret=NAME, policy=Always or
// IfNotPresent, pin=true or false. An unknown one is that line's failure.
// Blank lines and lines whose first non-blank is '#' are skipped, " # ..."
// behind an image too. CRLF, tabs, a UTF-8 byte order mark and a missing last
// newline are accepted. A line that is no image reference, holds a NUL or
// exceeds 4 KiB becomes a request with an error, and the others go on.
// Pure.
#ifndef PREPULL_LIST_LIST_FILE_H_
#define PREPULL_LIST_LIST_FILE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/list/image_request.h"

namespace prepull {

// `name` is what origins call the file: "images.txt:7".
std::vector<ImageRequest> ParseListFile(absl::string_view text,
                                        absl::string_view name);

// The line that says the same as `request`, whose reference is not an error:
// what is pulled, and its options.
std::string ListLine(const ImageRequest& request);

// The image that something else than a list names: "argument 2".
ImageRequest ImageNamed(absl::string_view image, const std::string& origin);

}  // namespace prepull

#endif  // PREPULL_LIST_LIST_FILE_H_
