// Asks the runtime for the sizes of images, one by one, beside the run: over a
// connection of its own, so that any thread may do it.
#ifndef PREPULL_RUNTIME_IMAGE_SIZES_H_
#define PREPULL_RUNTIME_IMAGE_SIZES_H_

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace prepull {

// Threads: safe to share.
class ImageSizes {
 public:
  // `socket`: the path of the runtime's socket. Connects when it is asked.
  explicit ImageSizes(const std::string& socket);
  ~ImageSizes();
  ImageSizes(const ImageSizes&) = delete;
  ImageSizes& operator=(const ImageSizes&) = delete;

  // Returns the size in bytes of the image that the runtime calls `image_ref`.
  // Errors: what the runtime reports; NOT_FOUND  there is no such image;
  // DEADLINE_EXCEEDED  no answer within `timeout`; CANCELLED  `stop` was
  // requested.
  absl::StatusOr<int64_t> Ask(const std::string& image_ref,
                              absl::Duration timeout,
                              const std::stop_token& stop);

 private:
  class Stub;

  const std::unique_ptr<Stub> stub_;
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_IMAGE_SIZES_H_
