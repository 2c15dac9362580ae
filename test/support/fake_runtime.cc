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
    runtime_.clock_.After(runtime_.cancel_takes_, end);
  }

 private:
  FakeRuntime& runtime_;
  std::shared_ptr<Pull> pull_;
};

// As in gRPC the last word comes from another thread.
class FakeRuntime::QuestionHandle : public RunningCall {
 public:
  QuestionHandle(FakeClock& clock, std::shared_ptr<Question> question)
      : clock_(clock), question_(std::move(question)) {}
  void Cancel() override {
    clock_.After(absl::ZeroDuration(), [question = question_] {
      End(question, absl::CancelledError("CANCELLED"));
    });
  }

 private:
  FakeClock& clock_;
  std::shared_ptr<Question> question_;
};

void FakeRuntime::End(const std::shared_ptr<Question>& question,
                      const absl::Status& status) {
  if (*question) std::exchange(*question, nullptr)(status);
}

template <typename Answer>
std::unique_ptr<RunningCall> FakeRuntime::Ask(absl::Duration latency,
                                              std::function<void(Answer)> done,
                                              std::function<Answer()> answer) {
  auto question = std::make_shared<Question>(
      [done = std::move(done),
       answer = std::move(answer)](const absl::Status& status) {
        done(status.ok() ? answer() : Answer(status));
      });
  questions_.push_back(question);
  if (is_away_) latency = absl::ZeroDuration();
  if (latency != absl::InfiniteDuration()) {
    clock_.After(latency,
                 [question, end = is_away_ ? SocketGone() : absl::OkStatus()] {
                   End(question, end);
                 });
  }
  return std::make_unique<QuestionHandle>(clock_, question);
}

template <typename Answer>
Answer FakeRuntime::AskAndWait(absl::Duration latency, absl::Duration timeout,
                               const std::stop_token& stop,
                               std::function<Answer()> answer) {
  const absl::Status late = absl::DeadlineExceededError("Deadline Exceeded");
  if (timeout <= absl::ZeroDuration()) return late;
  Wakeup wakeup;
  std::stop_callback wake(stop, [&wakeup] { wakeup.Notify(); });
  auto said = std::make_shared<std::optional<Answer>>();
  auto wakes = std::make_shared<Wakeup*>(&wakeup);
  const auto call = Ask<Answer>(
      latency,
      [said, wakes](Answer it) {
        *said = std::move(it);
        if (*wakes != nullptr) (*wakes)->Notify();
      },
      std::move(answer));
  clock_.WaitUntil(clock_.Now() + timeout, wakeup);
  *wakes = nullptr;
  call->Cancel();
  if (*said) return **std::move(said);
  return stop.stop_requested() ? absl::CancelledError("CANCELLED") : late;
}

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
  for (const auto& question : std::exchange(questions_, {})) {
    End(question, absl::UnavailableError("Socket closed"));
  }
}

void FakeRuntime::ComeBack() {
  is_away_ = false;
  for (const auto& question : std::exchange(waiting_for_answer_, {})) {
    End(question, absl::OkStatus());
  }
}

std::vector<FakeRuntime::Call> FakeRuntime::CallsFor(
    const std::string& image) const {
  std::vector<Call> calls;
  std::copy_if(calls_.begin(), calls_.end(), std::back_inserter(calls),
               [&](const Call& call) { return call.image == image; });
  return calls;
}

absl::StatusOr<RuntimeVersion> FakeRuntime::Version(
    absl::Duration timeout, const std::stop_token& stop) {
  return AskAndWait<absl::StatusOr<RuntimeVersion>>(
      latencies_.version, timeout, stop, [] {
        return RuntimeVersion{"containerd", "1.6.20~ds1", "v1"};
      });
}

std::unique_ptr<RunningCall> FakeRuntime::ListImages(ListDone done) {
  ++lists_;
  return Ask<absl::StatusOr<std::vector<StoredImage>>>(
      latencies_.list_images, std::move(done), [this] { return Listed(); });
}

absl::StatusOr<std::vector<StoredImage>> FakeRuntime::Listed() {
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

std::unique_ptr<RunningCall> FakeRuntime::GetPlatform(const std::string& id,
                                                      PlatformDone done) {
  platforms_asked_.push_back(id);
  most_platforms_at_once_ =
      std::max(most_platforms_at_once_, ++open_platforms_);
  return Ask<absl::StatusOr<std::optional<Platform>>>(
      latencies_.get_platform,
      [this, done = std::move(done)](
          const absl::StatusOr<std::optional<Platform>>& platform) {
        --open_platforms_;
        done(platform);
      },
      [this, id] { return PlatformOf(id); });
}

absl::StatusOr<std::optional<Platform>> FakeRuntime::PlatformOf(
    const std::string& id) {
  const bool is_there =
      std::any_of(stored_.begin(), stored_.end(),
                  [&](const auto& each) { return each.second.id == id; });
  if (!is_there) return absl::NotFoundError("image not found");
  const auto platform = platforms_.find(id);
  if (platform == platforms_.end()) return std::nullopt;
  if (!platform->second.ok()) return platform->second.status();
  return std::optional(*platform->second);
}

absl::StatusOr<std::vector<ImageFileSystem>> FakeRuntime::ImageFileSystems(
    absl::Duration timeout, const std::stop_token& stop) {
  return AskAndWait<absl::StatusOr<std::vector<ImageFileSystem>>>(
      latencies_.image_file_systems, timeout, stop,
      [this] { return file_systems_; });
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

std::unique_ptr<RunningCall> FakeRuntime::RemoveImage(const std::string& id,
                                                      Done done) {
  return Ask<absl::Status>(latencies_.remove_image, std::move(done),
                           [this, id] { return Removed(id); });
}

absl::Status FakeRuntime::Removed(const std::string& id) {
  if (!remove_errors_.empty()) {
    const absl::Status error = remove_errors_.front();
    remove_errors_.pop_front();
    return error;
  }
  removed_.push_back(id);
  std::erase_if(stored_,
                [&](const auto& each) { return each.second.id == id; });
  return absl::OkStatus();
}

std::unique_ptr<RunningCall> FakeRuntime::AwaitAnswer(Done done) {
  auto question = std::make_shared<Question>(std::move(done));
  if (is_away_) {
    waiting_for_answer_.push_back(question);
  } else {
    clock_.After(absl::ZeroDuration(),
                 [question] { End(question, absl::OkStatus()); });
  }
  return std::make_unique<QuestionHandle>(clock_, question);
}

}  // namespace prepull
