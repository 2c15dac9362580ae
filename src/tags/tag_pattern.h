// A regular expression for tags: RE2's, which takes neither time nor stack
// beyond what the tag's length asks for, whatever the pattern. Pure.
// Source: https://github.com/google/re2/wiki/Syntax
#ifndef PREPULL_SRC_TAGS_TAG_PATTERN_H_
#define PREPULL_SRC_TAGS_TAG_PATTERN_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/tags/tag_order.h"

namespace re2 {
class RE2;
}

namespace prepull {

class TagPattern {
 public:
  // Errors: INVALID_ARGUMENT  why RE2 refuses it, or more than 16 groups.
  static absl::StatusOr<TagPattern> Parse(absl::string_view text);

  // Whether the pattern fits somewhere in `tag`.
  bool Fits(absl::string_view tag) const;

  // The same; `groups`: what its groups have captured, as views into `tag`,
  // empty where a group took no part.
  bool Fits(absl::string_view tag, TagWords& groups) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_TAGS_TAG_PATTERN_H_
