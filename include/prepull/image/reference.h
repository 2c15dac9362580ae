// The name of an image, as the distribution project's grammar has it:
// [host[:port]/]path[:tag][@digest].
//
// A Reference keeps the text it was parsed from, because that is what the
// runtime gets. For comparison only, Docker Hub's short names are completed:
// "busybox" is docker.io/library/busybox:latest. Pure value.
// Source: https://github.com/distribution/reference
#ifndef PREPULL_IMAGE_REFERENCE_H_
#define PREPULL_IMAGE_REFERENCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Whether `text` can stand as the tag of a reference.
bool IsTag(absl::string_view text);

class Reference {
 public:
  // Errors: INVALID_ARGUMENT  the first rule of the grammar that is broken,
  // without the text itself ("repository must be lowercase").
  static absl::StatusOr<Reference> Parse(absl::string_view text);

  // The text as given.
  const std::string& text() const { return text_; }

  // The registry's host with its port, completed: "docker.io", "[::1]:5000".
  const std::string& registry() const { return registry_; }

  // Registry and path, completed: "docker.io/library/busybox".
  const std::string& repository() const { return repository_; }

  // Empty if the text has none.
  const std::string& tag() const { return tag_; }
  const std::string& digest() const { return digest_; }

  // What makes two texts mean the same image: repository@digest if there is a
  // digest (the tag beside it has no say), else repository:tag with "latest"
  // for a missing tag.
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
