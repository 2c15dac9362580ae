#include "src/pull/runtime_monitor.h"

#include "prepull/base/log.h"
#include "prepull/base/redact.h"

namespace prepull {
namespace {

// For a runtime that accepts connections but answers with errors.
constexpr absl::Duration kPollEvery = absl::Seconds(1);

}  // namespace

void RuntimeMonitor::OnUnavailable() {
  if (is_away_) return;
  is_away_ = true;
  poll_at_ = clock_.Now();
  Log(LogLevel::kWarn, "runtime is gone, waiting for it",
      {{"socket", socket_}});
}

void RuntimeMonitor::Turn(Instant now) {
  if (!is_away_ || poll_ != nullptr || now < poll_at_) return;
  poll_ = runtime_.AwaitAnswer(scope_.Callback<absl::Status>(
      [this](const absl::Status& answer) { OnAnswer(answer); }));
}

Instant RuntimeMonitor::NextTurn() const {
  return is_away_ && poll_ == nullptr ? poll_at_ : Instant::Never();
}

void RuntimeMonitor::Cancel() {
  if (poll_ != nullptr) poll_->Cancel();
}

void RuntimeMonitor::OnAnswer(const absl::Status& answer) {
  poll_.reset();
  if (answer.ok()) {
    is_away_ = false;
    Log(LogLevel::kInfo, "runtime is back");
    return;
  }
  poll_at_ = clock_.Now() + kPollEvery;
  Log(LogLevel::kDebug, "runtime still unavailable",
      {{"error", ReportedMessage(answer)}});
}

}  // namespace prepull
