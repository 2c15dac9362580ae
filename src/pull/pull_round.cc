#include "src/pull/pull_round.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "src/pull/error_class.h"

namespace prepull {

bool SameCredentials(const FoundCredentials& a, const FoundCredentials& b) {
  if (!a.ok() || !b.ok()) return a.status() == b.status();
  return *a == *b;
}

// Hands an answer over to the engine's thread, where it may find the round
// gone.
template <typename Answer>
std::function<void(Answer)> PullRound::Posting(
    void (PullRound::*take)(const Answer&)) {
  return
      [post = seams_.post, self = std::weak_ptr(self_), take](Answer answer) {
        post([self, take, answer = std::move(answer)] {
          const std::shared_ptr<PullRound*> round = self.lock();
          if (round != nullptr) ((*round)->*take)(answer);
        });
      };
}

void PullRound::Start() {
  if (task_.replaces.empty()) {
    FindCredentials();
    return;
  }
  // Its answer is on the engine's thread already, but may come at once.
  seams_.remover.Remove(task_.replaces,
                        Posting<absl::Status>(&PullRound::OnRemoved));
}

void PullRound::OnRemoved(const absl::Status& removed) {
  if (has_ended_ || is_cancelled_) return;
  if (!removed.ok()) {
    End(absl::Status(removed.code(),
                     absl::StrCat("remove image: ", removed.message())));
    return;
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
      Posting<absl::StatusOr<CredentialsToTry>>(&PullRound::OnFound));
}

void PullRound::OnFound(const absl::StatusOr<CredentialsToTry>& found) {
  if (has_ended_ || is_cancelled_) return;
  if (found.ok()) {
    credentials_ = found->credentials;
    unread_ = found->unread;
  } else {
    credentials_ = found.status();
    if (absl::IsUnavailable(found.status())) {
      unread_ = std::string(found.status().message());
    }
  }
  if (task_.refused && unread_.empty() &&
      SameCredentials(credentials_, *task_.refused)) {
    End(absl::UnauthenticatedError("nothing new to try"),
        /*had_nothing_new=*/true);
  } else if (!found.ok()) {
    End(absl::UnauthenticatedError(found.status().message()));
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
      request, Posting<absl::StatusOr<std::string>>(&PullRound::OnPulled));
}

void PullRound::OnPulled(const absl::StatusOr<std::string>& image_ref) {
  if (has_ended_) return;
  const bool was_refused =
      !image_ref.ok() && !is_cancelled_ &&
      Classify(image_ref.status()).retry == Retry::kNextCredential;
  if (was_refused && next_credential_ <= credentials_->size()) {
    seams_.credentials->Refused(*task_.request.reference,
                                (*credentials_)[next_credential_ - 1]);
  }
  if (was_refused && next_credential_ < credentials_->size()) {
    Pull();
  } else {
    End(image_ref);
  }
}

void PullRound::Cancel() {
  is_cancelled_ = true;
  if (call_ != nullptr) {
    call_->Cancel();
    return;
  }
  // Posted, because the round may be ended by its owner's own loop.
  Posting<absl::StatusOr<std::string>> (&PullRound::OnPulled)(
      absl::CancelledError("cancelled before the pull began"));
}

void PullRound::End(absl::StatusOr<std::string> image_ref,
                    bool had_nothing_new) {
  has_ended_ = true;
  call_.reset();
  // May destroy the round.
  const auto done = seams_.done;
  if (!image_ref.ok() && credentials_.ok()) {
    image_ref = WithoutSecrets(image_ref.status(), *credentials_);
  }
  done({std::move(image_ref), credentials_, unread_, had_nothing_new});
}

}  // namespace prepull
