#include "prepull/progress/download_lister.h"

#include <algorithm>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/redact.h"

namespace prepull {
namespace {

constexpr absl::Duration kListEvery = absl::Seconds(1);
// A runtime that is this late with an answer is asked anew.
constexpr absl::Duration kListTimeout = absl::Seconds(10);

}  // namespace

void DownloadLister::ListAt(Instant when) { wanted_ = std::min(wanted_, when); }

Instant DownloadLister::Due() const { return std::min(in_turn_, wanted_); }

void DownloadLister::Turn(Instant now, bool is_pulling) {
  if (now >= NextTurn(is_pulling || !has_asked_)) List(now);
}

Instant DownloadLister::NextTurn(bool is_pulling) const {
  const bool may_ask = is_pulling && call_ == nullptr && !is_unimplemented_;
  return may_ask ? Due() : Instant::Never();
}

void DownloadLister::List(Instant now) {
  has_asked_ = true;
  in_turn_ = now + kListEvery;
  if (wanted_ <= now) wanted_ = Instant::Never();
  call_ = downloads_.List(
      kListTimeout,
      scope_.Callback<absl::StatusOr<std::vector<OpenDownload>>>(
          [this, now](const auto& listed) { OnListed(now, listed); }));
}

void DownloadLister::OnListed(
    Instant asked, const absl::StatusOr<std::vector<OpenDownload>>& listed) {
  call_.reset();
  if (absl::IsUnimplemented(listed.status())) {
    is_unimplemented_ = true;
    events_.on_unimplemented();
  } else if (!listed.ok()) {
    Log(LogLevel::kDebug, "cannot list downloads",
        {{"error", ReportedMessage(listed.status())}});
  } else {
    seen_ = asked;
    events_.on_listed(asked, *listed);
  }
}

}  // namespace prepull
