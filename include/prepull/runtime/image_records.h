// Pins on the runtime's records of images, which keep them from garbage
// collection.
//
// The calls block. Threads: all methods are safe to call from any thread.
// Source: containerd.services.images.v1
#ifndef PREPULL_RUNTIME_IMAGE_RECORDS_H_
#define PREPULL_RUNTIME_IMAGE_RECORDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/runtime/running_call.h"

namespace prepull {

// A record of an image that is pinned; `name` is a tag, repo@digest or an image
// id.
struct PinnedRecord {
  std::string name;
  // Whether the pin is in force. One of ours may have lost it.
  bool is_pinned = true;
  // Whether prepull set it, and for which list. One that another client set is
  // left alone.
  bool is_ours = false;
  std::string list = "";
};

class ImageRecords {
 public:
  virtual ~ImageRecords() = default;

  // Returns all records that are pinned, and those with a pin of ours.
  virtual absl::StatusOr<std::vector<PinnedRecord>> Pinned(
      const CallLimit& limit) = 0;

  // Pins the record for `list`. Makes two calls, each within `limit`: nothing
  // else of the record may change. Errors: NOT_FOUND.
  virtual absl::Status Pin(const std::string& name, const std::string& list,
                           const CallLimit& limit) = 0;

  // Removes a pin of ours, as Pin.
  virtual absl::Status Unpin(const std::string& name,
                             const CallLimit& limit) = 0;
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_IMAGE_RECORDS_H_
