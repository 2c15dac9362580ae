// Prepares a runtime's error text for a search for words that mean something.
// Pure. `text` is in lower case.
#ifndef PREPULL_SRC_PULL_ERROR_WORDS_H_
#define PREPULL_SRC_PULL_ERROR_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// CRI-O tries an image, then an artifact of the same name, and mirrors before
// the registry itself; this is what the registry said about the image:
// `... pull image err: THIS; artifact err: ...` and
// `... (Mirrors also failed: [...]): THIS`.
absl::string_view DecisivePart(absl::string_view text);

// The words of `text` with one space before and after each, _ for what names
// something, "status=" before an HTTP status, and "type=vnd" for a media type
// of images or artifacts (a page's text/html is a _).
std::string MatchableWords(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_ERROR_WORDS_H_
