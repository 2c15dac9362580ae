// The plain list of images: one per line, # starts a comment. Pure.
//
// An image may be followed by options KEY=VALUE: secret=NAME, policy=Always or
// IfNotPresent, pin=true or false. Blank lines and lines whose first non-blank
// is '#' are skipped, and so is " # ..." after an image. CRLF, tabs, a UTF-8
// byte order mark and a missing last newline are accepted. A line with an
// invalid reference or option, with a NUL byte or of more than 4 KiB becomes a
// request with an error; the other lines are not affected.
#ifndef PREPULL_LIST_LIST_FILE_H_
#define PREPULL_LIST_LIST_FILE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/list/image_request.h"

namespace prepull {

// Parses a list. `name` is the file in origins: "images.txt:7".
std::vector<ImageRequest> ParseListFile(absl::string_view text,
                                        absl::string_view name);

// Returns the options as words of a line, each with a blank before it; "" if
// there are none.
std::string OptionWords(const ImageOptions& options);

// Returns the line for `request`, which must have a reference: the image that
// is pulled, and its options.
std::string ListLine(const ImageRequest& request);

// Makes a request of an image that is not from a list; `origin`: "argument 2".
ImageRequest ImageNamed(absl::string_view image, const std::string& origin);

}  // namespace prepull

#endif  // PREPULL_LIST_LIST_FILE_H_
