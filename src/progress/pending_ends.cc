#include "prepull/progress/pending_ends.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace prepull {
namespace {

constexpr absl::Duration kPendingTimeout = absl::Seconds(2);

}  // namespace

void PendingEnds::OnListed(Instant asked) {
  for (End& end : ends_) {
    if (end.list_at <= asked) end.list_at.reset();
  }
  SettleComplete();
}

void PendingEnds::OnSearched(Image image) {
  for (End& end : ends_) {
    if (end.image == image) end.awaits_search = false;
  }
  SettleComplete();
}

void PendingEnds::SettleComplete() {
  Settle([](const End& end) { return !end.list_at && !end.awaits_search; });
}

void PendingEnds::SettleLate(Instant now) {
  Settle([now](const End& end) { return end.since + kPendingTimeout <= now; });
}

// What is called may add an end.
template <typename Due>
void PendingEnds::Settle(Due due) {
  const auto first_due = std::stable_partition(
      ends_.begin(), ends_.end(), [&due](const End& end) { return !due(end); });
  const std::vector<End> settled(std::make_move_iterator(first_due),
                                 std::make_move_iterator(ends_.end()));
  ends_.erase(first_due, ends_.end());
  for (const End& end : settled) end.then();
}

Instant PendingEnds::NextLate() const {
  Instant next = Instant::Never();
  for (const End& end : ends_)
    next = std::min(next, end.since + kPendingTimeout);
  return next;
}

Instant PendingEnds::NextList() const {
  Instant next = Instant::Never();
  for (const End& end : ends_) {
    if (end.list_at) next = std::min(next, *end.list_at);
  }
  return next;
}

std::vector<PendingEnds::Image> PendingEnds::images() const {
  std::vector<Image> images;
  for (const End& end : ends_) images.push_back(end.image);
  return images;
}

}  // namespace prepull
