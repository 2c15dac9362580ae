// One image somebody asked for, and where they asked for it. Pure value.
#ifndef PREPULL_LIST_IMAGE_REQUEST_H_
#define PREPULL_LIST_IMAGE_REQUEST_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "prepull/image/reference.h"

namespace prepull {

enum class PullPolicy { kIfNotPresent, kAlways };

// What a line may ask for besides its image; nothing = as the run's flags say.
struct ImageOptions {
  // The credential's name under --secrets-dir; empty = those that match.
  std::string secret = "";
  std::optional<PullPolicy> policy = std::nullopt;
  bool pin = false;
};

struct ImageRequest {
  // The text of the line, printable and bounded; what reports show.
  std::string image;

  // Where it was asked for: "images.txt:7", "argument 2", "standard input:1".
  std::string origin;

  // What is pulled, after rewriting; or why the line means nothing. An error
  // here is that image's failure, not the end of the run; it names the origin.
  absl::StatusOr<Reference> reference;

  ImageOptions options = {};
};

}  // namespace prepull

#endif  // PREPULL_LIST_IMAGE_REQUEST_H_
