// An image that is asked for, and where. A value.
#ifndef PREPULL_LIST_IMAGE_REQUEST_H_
#define PREPULL_LIST_IMAGE_REQUEST_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "prepull/image/reference.h"

namespace prepull {

enum class PullPolicy { kIfNotPresent, kAlways };

// The options of a line. Those that are not given follow the flags of the run.
struct ImageOptions {
  // The name of the credentials in --secrets-dir; "" = those that match.
  std::string secret = "";
  std::optional<PullPolicy> policy = std::nullopt;
  bool pin = false;
};

struct ImageRequest {
  // The text of the line for reports, printable and bounded.
  std::string image;

  // Where it was asked for: "images.txt:7", "argument 2", "standard input:1".
  std::string origin;

  // What is pulled, after rewriting, or why the line is malformed. An error
  // fails this image, not the run; it names the origin.
  absl::StatusOr<Reference> reference;

  ImageOptions options = {};
};

}  // namespace prepull

#endif  // PREPULL_LIST_IMAGE_REQUEST_H_
