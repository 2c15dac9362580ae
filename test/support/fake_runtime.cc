#include "test/support/fake_runtime.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/image/reference.h"

namespace prepull {

struct FakeRuntime::Pull {
  std::string image;
  PullDone done;
  size_t call;
  bool ended = false;
};

class FakeRuntime::PullHandle : public RunningCall {
 public:
  PullHandle(FakeRuntime& runtime, std::shared_ptr<Pull> pull)
      : runtime_(runtime), pull_(std::move(pull)) {}
  void Cancel() override {
    if (!pull_->ended) runtime_.calls_[pull_->call].cancelled = true;
    const auto end = [runtime = &runtime_, pull = pull_] {
      runtime->End(pull, absl::CancelledError("CANCELLED"));
    };
    if (runtime_.cancel_takes_ == absl::ZeroDuration()) return end();
    runtime_.clock_.After(runtime_.cancel_takes_, end);
  }

 private:
  FakeRuntime& runtime_;
  std::shared_ptr<Pull> pull_;
};

class FakeRuntime::AnswerHandle : public RunningCall {
 public:
  explicit AnswerHandle(std::shared_ptr<Done> done) : done_(std::move(done)) {}
  void Cancel() override {
    if (*done_) std::exchange(*done_, nullptr)(absl::CancelledError());
  }

 private:
  std::shared_ptr<Done> done_;
};

absl::Status SocketGone() {
  return absl::UnavailableError(
      "failed to connect to all addresses; last error: UNKNOWN: "
      "unix:/run/containerd/containerd.sock: No such file or directory");
}

std::string FakeRuntime::NameOf(const std::string& image) const {
  const auto name = names_.find(image);
  return name == names_.end() ? absl::StrCat("sha256:id-of-", image)
                              : name->second;
}

void FakeRuntime::Store(const std::string& image) {
  StoredImage stored = {.id = NameOf(image), .size_bytes = 1000};
  const std::string name = Reference::Parse(image)->Normalised();
  if (absl::StrContains(name, "@")) {
    stored.repo_digests.push_back(name);
  } else {
    stored.repo_tags.push_back(name);
  }
  stored_[name] = stored;
}

void FakeRuntime::Store(const StoredImage& image) { stored_[image.id] = image; }

void FakeRuntime::Remove(const std::string& image) {
  stored_.erase(Reference::Parse(image)->Normalised());
}

void FakeRuntime::GoAway() {
  is_away_ = true;
  for (const auto& pull : std::vector(running_)) {
    End(pull, absl::UnavailableError("Socket closed"));
  }
}

void FakeRuntime::ComeBack() {
  is_away_ = false;
  for (const auto& done : std::exchange(waiting_for_answer_, {})) {
    if (*done) std::exchange(*done, nullptr)(absl::OkStatus());
  }
}

std::vector<FakeRuntime::Call> FakeRuntime::CallsFor(
    const std::string& image) const {
  std::vector<Call> calls;
  std::copy_if(calls_.begin(), calls_.end(), std::back_inserter(calls),
               [&](const Call& call) { return call.image == image; });
  return calls;
}

absl::StatusOr<RuntimeVersion> FakeRuntime::Version(absl::Duration,
                                                    const std::stop_token&) {
  if (is_away_) return SocketGone();
  return RuntimeVersion{"containerd", "1.6.20~ds1", "v1"};
}

absl::StatusOr<std::vector<StoredImage>> FakeRuntime::ListImages(
    absl::Duration, const std::stop_token&) {
  ++lists_;
  if (is_away_) return SocketGone();
  if (!list_errors_.empty()) {
    const absl::Status error = list_errors_.front();
    list_errors_.pop_front();
    return error;
  }
  std::vector<StoredImage> images;
  for (const auto& [name, image] : stored_) {
    images.push_back(image);
    images.back().pinned = is_pinned_(image);
  }
  return images;
}

absl::StatusOr<std::vector<ImageFileSystem>> FakeRuntime::ImageFileSystems(
    absl::Duration, const std::stop_token&) {
  if (is_away_) return SocketGone();
  return file_systems_;
}

FakeRuntime::Attempt FakeRuntime::NextAttempt(const std::string& image) {
  const auto script = scripts_.find(image);
  if (script == scripts_.end() || script->second.empty()) return {};
  const Attempt attempt = script->second.front();
  if (script->second.size() > 1) script->second.pop_front();
  return attempt;
}

std::unique_ptr<RunningCall> FakeRuntime::StartPull(const PullRequest& request,
                                                    PullDone done) {
  const std::string& image = request.image;
  auto pull =
      std::make_shared<Pull>(Pull{image, std::move(done), calls_.size()});
  calls_.push_back(
      {.image = image,
       .lease_id = request.lease_id,
       .username = request.credential ? request.credential->username : "",
       .started = clock_.Now()});
  running_.push_back(pull);
  most_at_once_ = std::max(most_at_once_, static_cast<int>(running_.size()));
  const Attempt attempt = is_away_ ? Attempt{SocketGone(), absl::ZeroDuration()}
                                   : NextAttempt(image);
  if (attempt.takes != absl::InfiniteDuration()) {
    clock_.After(attempt.takes,
                 [this, pull, result = attempt.result] { End(pull, result); });
  }
  return std::make_unique<PullHandle>(*this, pull);
}

void FakeRuntime::End(const std::shared_ptr<Pull>& pull, absl::Status result) {
  if (pull->ended) return;
  pull->ended = true;
  calls_[pull->call].ended = clock_.Now();
  running_.erase(std::find(running_.begin(), running_.end(), pull));
  if (!result.ok()) {
    pull->done(std::move(result));
    return;
  }
  Store(pull->image);
  pull->done(NameOf(pull->image));
}

// In half a second.
std::unique_ptr<RunningCall> FakeRuntime::RemoveImage(const std::string& id,
                                                      Done done) {
  auto shared = std::make_shared<Done>(std::move(done));
  clock_.After(absl::Milliseconds(500), [this, id, shared] {
    if (!*shared) return;
    absl::Status result = is_away_ ? SocketGone() : absl::OkStatus();
    if (!remove_errors_.empty()) {
      result = remove_errors_.front();
      remove_errors_.pop_front();
    }
    if (result.ok()) {
      removed_.push_back(id);
      std::erase_if(stored_,
                    [&](const auto& each) { return each.second.id == id; });
    }
    std::exchange(*shared, nullptr)(result);
  });
  return std::make_unique<AnswerHandle>(shared);
}

std::unique_ptr<RunningCall> FakeRuntime::AwaitAnswer(Done done) {
  auto shared = std::make_shared<Done>(std::move(done));
  if (is_away_) {
    waiting_for_answer_.push_back(shared);
  } else {
    clock_.After(absl::ZeroDuration(), [shared] {
      if (*shared) std::exchange(*shared, nullptr)(absl::OkStatus());
    });
  }
  return std::make_unique<AnswerHandle>(shared);
}

}  // namespace prepull
