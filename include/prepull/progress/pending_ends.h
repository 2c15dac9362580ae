// Ends of attempts whose last bytes are not known yet: each waits for a list of
// the open downloads, for a search, or both, and for two seconds at most.
// Pure: time comes in. Not thread-safe.
#ifndef PREPULL_PROGRESS_PENDING_ENDS_H_
#define PREPULL_PROGRESS_PENDING_ENDS_H_

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/run/run.h"

namespace prepull {

class PendingEnds {
 public:
  using Image = const ImageOutcome*;  // of the run's list

  struct End {
    Image image = nullptr;
    Instant since = {};
    // It waits for a list of what is open then or later.
    std::optional<Instant> list_at = std::nullopt;
    bool awaits_search = false;  // for its manifest
    std::function<void()> then = nullptr;
  };

  void Add(End end) { ends_.push_back(std::move(end)); }

  // What was open at `asked` is listed.
  void OnListed(Instant asked);

  // The search for the manifest of `image` is over.
  void OnSearched(Image image);

  // Settles those that have waited long enough; Instant::Never() means all.
  void SettleLate(Instant now);

  // When the next one has waited long enough.
  Instant NextLate() const;

  // When to list for those that wait for it.
  Instant NextList() const;

  // The images of the ends that wait.
  std::vector<Image> images() const;

 private:
  void SettleComplete();
  template <typename Due>
  void Settle(Due due);

  std::vector<End> ends_;  // oldest first
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_PENDING_ENDS_H_
