#include "src/pull/runtime_vigil.h"

#include "prepull/base/log.h"
#include "prepull/base/redact.h"

namespace prepull {
namespace {

// A runtime that accepts connections and refuses to answer is asked this often.
constexpr absl::Duration kAskRuntimeAgain = absl::Seconds(1);

}  // namespace

void RuntimeVigil::Lose() {
  if (is_away_) return;
  is_away_ = true;
  ask_at_ = clock_.Now();
  Log(LogLevel::kWarn, "runtime is gone, waiting for it",
      {{"socket", socket_}});
}

void RuntimeVigil::Turn(Instant now) {
  if (!is_away_ || question_ != nullptr || now < ask_at_) return;
  question_ =
      runtime_.AwaitAnswer([this, post = post_](const absl::Status& answer) {
        post([this, answer] { OnAnswer(answer); });
      });
}

Instant RuntimeVigil::NextTurn() const {
  return is_away_ && question_ == nullptr ? ask_at_ : Instant::Never();
}

void RuntimeVigil::Cancel() {
  if (question_ != nullptr) question_->Cancel();
}

void RuntimeVigil::OnAnswer(const absl::Status& answer) {
  question_.reset();
  if (answer.ok()) {
    is_away_ = false;
    Log(LogLevel::kInfo, "runtime is back");
    return;
  }
  ask_at_ = clock_.Now() + kAskRuntimeAgain;
  Log(LogLevel::kDebug, "runtime does not answer yet",
      {{"error", ReportedMessage(answer)}});
}

}  // namespace prepull
