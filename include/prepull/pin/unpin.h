// Takes back the pins that `fetch --pin` has set, and no others: a record that
// another client has pinned does not carry our mark.
#ifndef PREPULL_PIN_UNPIN_H_
#define PREPULL_PIN_UNPIN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/list/image_request.h"
#include "prepull/node/inventory.h"
#include "prepull/runtime/image_records.h"

namespace prepull {

// Pins of ours that go together: an image as people know it, and the names of
// the records that are pinned.
struct HeldPin {
  std::string image;
  std::vector<std::string> records;
};

// All records with a pin of ours. Errors: UNIMPLEMENTED  the runtime has no
// such records; others as it says.
absl::StatusOr<std::vector<PinnedRecord>> OurPins(ImageRecords& records,
                                                  const CallLimit& limit);

// Those of `pinned` that pin the images of `requests`, under whatever name:
// containerd counts an image as pinned while any of its records is. Pure.
std::vector<HeldPin> PinsOf(const std::vector<ImageRequest>& requests,
                            const Inventory& node,
                            const std::vector<PinnedRecord>& pinned);

// Those of `pinned` that no image of `requests` needs, grouped by image: a
// record that a listed image shares with another one stays. Pure.
std::vector<HeldPin> PinsNotIn(const std::vector<ImageRequest>& requests,
                               const Inventory& node,
                               const std::vector<PinnedRecord>& pinned);

// Takes the pin off the record; a record that is gone is OK.
absl::Status Unpin(ImageRecords& records, const std::string& record,
                   const CallLimit& limit);

}  // namespace prepull

#endif  // PREPULL_PIN_UNPIN_H_
