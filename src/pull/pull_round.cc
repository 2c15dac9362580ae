#include "src/pull/pull_round.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"

namespace prepull {
namespace {

constexpr ErrorClass kNoCredentials = {.reason = Reason::kUnauthorized,
                                       .retry = Retry::kNextCredential};

}  // namespace

bool SameCredentials(const FoundCredentials& a, const FoundCredentials& b) {
  if (!a.ok() || !b.ok()) return a.status() == b.status();
  return *a == *b;
}

template <typename Answer>
std::function<void(Answer)> PullRound::Callback(
    void (PullRound::*handle)(const Answer&)) {
  return scope_.Callback<Answer>(
      [this, handle](const Answer& answer) { (this->*handle)(answer); });
}

void PullRound::Start() {
  if (task_.replaces.empty()) {
    FindCredentials();
    return;
  }
  // Its answer is on the engine's thread already, but may come at once.
  seams_.remover.Remove(task_.replaces,
                        Callback<absl::Status>(&PullRound::OnRemoved));
}

void PullRound::OnRemoved(const absl::Status& removed) {
  if (has_ended_ || is_cancelled_) return;
  if (!removed.ok()) {
    const absl::Status error(removed.code(),
                             absl::StrCat("remove image: ", removed.message()));
    return EndFailed(error, Classify(error));
  }
  seams_.on_removed();
  FindCredentials();
}

void PullRound::FindCredentials() {
  if (seams_.credentials == nullptr) {
    Pull();
    return;
  }
  seams_.credentials->Find(
      *task_.request.reference, task_.request.options.secret,
      Callback<absl::StatusOr<CredentialsToTry>>(&PullRound::OnFound));
}

void PullRound::OnFound(const absl::StatusOr<CredentialsToTry>& found) {
  if (has_ended_ || is_cancelled_) return;
  if (found.ok()) {
    credentials_ = found->credentials;
    unread_ = found->unread;
    empty_ = found->empty;
  } else {
    credentials_ = found.status();
    if (absl::IsUnavailable(found.status())) {
      unread_ = std::string(found.status().message());
    }
  }
  if (task_.refused && unread_.empty() &&
      SameCredentials(credentials_, *task_.refused)) {
    End({.image_ref = absl::UnauthenticatedError("no new credentials to try"),
         .had_nothing_new = true});
  } else if (!found.ok()) {
    EndFailed(absl::UnauthenticatedError(found.status().message()),
              kNoCredentials);
  } else {
    Pull();
  }
}

void PullRound::Pull() {
  PullRequest request = {.image = task_.request.reference->text(),
                         .lease_id = task_.lease_id};
  if (next_credential_ < credentials_->size()) {
    request.credential = (*credentials_)[next_credential_];
    Log(LogLevel::kDebug, "credential",
        {{"image", task_.request.image},
         {"source", request.credential->source}});
  }
  ++next_credential_;
  seams_.on_pull();
  call_ = seams_.runtime.StartPull(
      request, Callback<absl::StatusOr<std::string>>(&PullRound::OnPulled));
}

void PullRound::OnPulled(const absl::StatusOr<std::string>& image_ref) {
  if (has_ended_) return;
  if (image_ref.ok()) return EndPulled(*image_ref);
  const ErrorClass what = Classify(image_ref.status());
  const bool was_refused =
      !is_cancelled_ && what.retry == Retry::kNextCredential;
  if (was_refused && next_credential_ <= credentials_->size()) {
    seams_.credentials->Refused(*task_.request.reference,
                                (*credentials_)[next_credential_ - 1]);
  }
  if (was_refused && next_credential_ < credentials_->size()) {
    Pull();
  } else {
    EndFailed(image_ref.status(), what);
  }
}

void PullRound::Cancel() {
  is_cancelled_ = true;
  if (call_ != nullptr) {
    call_->Cancel();
    return;
  }
  // Posted, because the round may be ended by its owner's own loop.
  Callback<absl::StatusOr<std::string>> (&PullRound::OnPulled)(
      absl::CancelledError("cancelled before the pull began"));
}

void PullRound::EndPulled(const std::string& image_ref) {
  End({.image_ref = image_ref});
}

void PullRound::EndFailed(const absl::Status& error, const ErrorClass& what) {
  End({.image_ref =
           credentials_.ok() ? WithoutSecrets(error, *credentials_) : error,
       .what = what,
       .credentials = credentials_,
       .unread = unread_,
       .empty = empty_});
}

void PullRound::End(RoundEnd end) {
  has_ended_ = true;
  call_.reset();
  // May destroy the round.
  const auto done = seams_.done;
  done(std::move(end));
}

}  // namespace prepull
