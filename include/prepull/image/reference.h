// The name of an image in the grammar of the distribution project:
// [host[:port]/]path[:tag][@digest].
//
// A Reference keeps the text it was parsed from, for the runtime. For
// comparisons only, Docker Hub's short names are completed:
// "busybox" is docker.io/library/busybox:latest. Pure value.
// Source: https://github.com/distribution/reference
#ifndef PREPULL_IMAGE_REFERENCE_H_
#define PREPULL_IMAGE_REFERENCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Whether `text` is a valid tag.
bool IsTag(absl::string_view text);

class Reference {
 public:
  // Errors: INVALID_ARGUMENT  the first broken rule of the grammar, without the
  // text itself ("repository must be lowercase").
  static absl::StatusOr<Reference> Parse(absl::string_view text);

  // The text as given.
  const std::string& text() const { return text_; }

  // The registry's host with its port, completed: "docker.io", "[::1]:5000".
  const std::string& registry() const { return registry_; }

  // Registry and path, completed: "docker.io/library/busybox".
  const std::string& repository() const { return repository_; }

  // Empty if there is none.
  const std::string& tag() const { return tag_; }
  const std::string& digest() const { return digest_; }

  // Returns the same text for all names of the same image: repository@digest if
  // there is a digest (a tag beside it is ignored), else repository:tag with
  // "latest" for a missing tag.
  std::string Normalised() const;

 private:
  Reference() = default;

  std::string text_;
  std::string registry_;
  std::string repository_;
  std::string tag_;
  std::string digest_;
};

}  // namespace prepull

#endif  // PREPULL_IMAGE_REFERENCE_H_
