// One image somebody asked for, and where they asked for it. Pure value.
#ifndef PREPULL_IMAGE_IMAGE_REQUEST_H_
#define PREPULL_IMAGE_IMAGE_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "prepull/image/reference.h"

namespace prepull {

struct ImageRequest {
  // The text of the line, printable and bounded; what reports show.
  std::string image;

  // Where it was asked for: "images.txt:7", "argument 2", "standard input:1".
  std::string origin;

  // What it means, or why it means nothing. An error here is that image's
  // failure, not the end of the run; it names the origin.
  absl::StatusOr<Reference> reference;
};

}  // namespace prepull

#endif  // PREPULL_IMAGE_IMAGE_REQUEST_H_
