// Keeps the images of a run from the kubelet's garbage collection, by pins
// on the runtime's image records.
//
// Nothing of it fails a run: the images are on the node. What cannot be pinned
// is a warning for each cause, and what counts in the end is what the runtime
// reports. A pin that another client has set is left as it is.
// Not thread-safe. Its calls block.
#ifndef PREPULL_PIN_PINNER_H_
#define PREPULL_PIN_PINNER_H_

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "prepull/node/call_budget.h"
#include "prepull/node/inventory.h"
#include "prepull/node/run_context.h"
#include "prepull/run/run.h"

namespace prepull {

// How long a run that was told to stop may take for its pins.
inline constexpr absl::Duration kPinStopTimeout = absl::Milliseconds(900);

class Pinner {
 public:
  // An image on the node, and how the list names it.
  struct Image {
    const Reference* name;
    const StoredImage* stored;
  };

  // `list_hash`: ListHash of the images of the run.
  Pinner(std::string list_hash, const RunContext& context,
         const std::stop_token& stop, Run& run);

  // Finds out whether the runtime can pin and enters it into the run; warns if
  // it cannot, or would not heed a pin.
  void Begin();

  // Pins `images`, as many as it can until then, and waits for the runtime to
  // report them as pinned. Returns what the node holds then; nothing if it
  // was not asked.
  std::optional<Inventory> Pin(const std::vector<Image>& images, Instant until);

 private:
  // Images that could not be pinned for one cause; the first one, its error.
  struct Trouble {
    int64_t images = 0;
    std::string image = "";
    absl::Status error = absl::OkStatus();
  };

  using Troubles = std::map<absl::StatusCode, Trouble>;

  // Reads which records are pinned already.
  absl::Status ReadPins();
  // Pins the records of all images; returns those that are pinned by then.
  std::vector<Image> PinAll(const std::vector<Image>& images);
  absl::Status PinImage(const Image& image);
  absl::Status PinRecord(const std::string& name);
  static void WarnOf(const Troubles& troubles);

  // Asks until the runtime reports all of `images` as pinned, or makes no
  // headway.
  std::optional<Inventory> AwaitReport(const std::vector<Image>& images);

  CallLimit NextLimit();

  const RunContext& context_;
  const std::stop_token& stop_;
  Run& run_;
  ImageRecords* const records_;  // null: the runtime has none
  const std::string list_hash_;
  bool can_pin_ = false;
  std::optional<CallBudget> budget_;  // of Pin while it runs
  absl::flat_hash_map<std::string, PinnedRecord> pinned_;  // by name
};

}  // namespace prepull

#endif  // PREPULL_PIN_PINNER_H_
