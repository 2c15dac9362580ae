// A container runtime that does what the test's script says, on a FakeClock.
//
// Each image has a script of attempts; the last one repeats. What is pulled
// is in ListImages from then on. An image without a script is pulled in one
// second. Every call keeps the contract of ContainerRuntime: it takes its
// time, ends at its timeout, at a stop and when the runtime goes away, and no
// callback comes from within the call that started it. Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_RUNTIME_H_
#define PREPULL_TEST_SUPPORT_FAKE_RUNTIME_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "prepull/runtime/container_runtime.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_services.h"

namespace prepull {

class FakeRuntime : public ContainerRuntime {
 public:
  struct Attempt {
    absl::Status result = absl::OkStatus();
    absl::Duration takes = absl::Seconds(1);
  };

  // An attempt that was made.
  struct Call {
    std::string image;
    std::string lease_id;
    std::string username;  // of the credential; empty = anonymous
    Instant started;
    Instant ended = Instant::Never();
    bool cancelled = false;
  };

  // How long the answers take; infinite: they never come.
  struct Latencies {
    absl::Duration version = absl::ZeroDuration();
    absl::Duration list_images = absl::ZeroDuration();
    absl::Duration image_file_systems = absl::ZeroDuration();
    absl::Duration get_platform = absl::ZeroDuration();
    absl::Duration remove_image = absl::Milliseconds(500);
  };

  explicit FakeRuntime(FakeClock& clock) : clock_(clock) {}

  // Of calls that are made from now on.
  void AnswerIn(const Latencies& latencies) { latencies_ = latencies; }

  // The next attempts at `image`, in order; behind them the last repeats.
  void Script(const std::string& image, std::deque<Attempt> attempts) {
    scripts_[image] = std::move(attempts);
  }

  // How pulls of `image` end: with this name for it, instead of
  // "sha256:id-of-IMAGE".
  void Name(const std::string& image, const std::string& image_ref) {
    names_[image] = image_ref;
  }

  // What `image` was built for, by the name that its pulls end with; without,
  // its config does not say.
  void BuiltFor(const std::string& image, absl::StatusOr<Platform> platform) {
    platforms_[NameOf(image)] = std::move(platform);
  }

  // How long a pull that is cancelled takes to end.
  void EndCancelledAfter(absl::Duration delay) { cancel_takes_ = delay; }

  // `image`, a tag or a digest reference in full, is on the node.
  void Store(const std::string& image);
  void Store(const StoredImage& image);
  void Remove(const std::string& image);

  // The answers of the next ListImages calls; then what is stored.
  void FailListImages(std::deque<absl::Status> errors) {
    list_errors_ = std::move(errors);
  }

  // What it says of where its images are; by default nothing.
  void SetImageFileSystems(
      absl::StatusOr<std::vector<ImageFileSystem>> file_systems) {
    file_systems_ = std::move(file_systems);
  }

  // From now on nothing answers; pulls that run fail.
  void GoAway();
  void ComeBack();

  const std::vector<Call>& calls() const { return calls_; }
  // The ids that GetPlatform was asked for.
  const std::vector<std::string>& platforms_asked() const {
    return platforms_asked_;
  }
  // The most GetPlatform calls that were open at the same time.
  int most_platforms_at_once() const { return most_platforms_at_once_; }
  std::vector<Call> CallsFor(const std::string& image) const;
  // The ids of the images that were removed by RemoveImage.
  const std::vector<std::string>& removed() const { return removed_; }
  // What the next RemoveImage calls answer; then they remove.
  void FailRemoveImage(std::deque<absl::Status> errors) {
    remove_errors_ = std::move(errors);
  }
  int most_at_once() const { return most_at_once_; }
  int lists() const { return lists_; }

  absl::StatusOr<RuntimeVersion> Version(absl::Duration timeout,
                                         const std::stop_token& stop) override;
  absl::StatusOr<std::vector<ImageFileSystem>> ImageFileSystems(
      absl::Duration timeout, const std::stop_token& stop) override;
  std::unique_ptr<RunningCall> ListImages(ListDone done) override;
  std::unique_ptr<RunningCall> GetPlatform(const std::string& id,
                                           PlatformDone done) override;
  std::unique_ptr<RunningCall> StartPull(const PullRequest& request,
                                         PullDone done) override;
  std::unique_ptr<RunningCall> RemoveImage(const std::string& id,
                                           Done done) override;
  std::unique_ptr<RunningCall> AwaitAnswer(Done done) override;
  Leases* leases() override { return services_; }
  Downloads* downloads() override { return services_; }
  ImageRecords* image_records() override { return services_; }

  // Without one it is a runtime such as CRI-O.
  void UseServices(FakeServices& services) { services_ = &services; }

  // Which of the images ListImages reports as pinned; by default none.
  using IsPinned = std::function<bool(const StoredImage&)>;
  void ReportPinned(IsPinned is_pinned) { is_pinned_ = std::move(is_pinned); }

 private:
  struct Pull;
  class PullHandle;
  class QuestionHandle;

  // A call but a pull: ends it with this error, or with its answer if that is
  // OK; empty once it has ended.
  using Question = std::function<void(absl::Status)>;

  // The answer is what `answer` says when it is due.
  template <typename Answer>
  std::unique_ptr<RunningCall> Ask(absl::Duration latency,
                                   std::function<void(Answer)> done,
                                   std::function<Answer()> answer);
  // The same of a call that is waited for.
  template <typename Answer>
  Answer AskAndWait(absl::Duration latency, absl::Duration timeout,
                    const std::stop_token& stop,
                    std::function<Answer()> answer);
  static void End(const std::shared_ptr<Question>& question,
                  const absl::Status& status);

  absl::StatusOr<std::vector<StoredImage>> Listed();
  absl::Status Removed(const std::string& id);
  absl::StatusOr<std::optional<Platform>> PlatformOf(const std::string& id);
  Attempt NextAttempt(const std::string& image);
  std::string NameOf(const std::string& image) const;
  void End(const std::shared_ptr<Pull>& pull, absl::Status result);

  FakeClock& clock_;
  FakeServices* services_ = nullptr;
  IsPinned is_pinned_ = [](const StoredImage&) { return false; };
  std::map<std::string, std::deque<Attempt>> scripts_;
  std::map<std::string, std::string> names_;
  std::map<std::string, StoredImage> stored_;
  std::map<std::string, absl::StatusOr<Platform>> platforms_;  // by id
  std::vector<std::string> platforms_asked_;
  int open_platforms_ = 0;
  int most_platforms_at_once_ = 0;
  absl::StatusOr<std::vector<ImageFileSystem>> file_systems_ =
      std::vector<ImageFileSystem>();
  std::deque<absl::Status> list_errors_;
  std::deque<absl::Status> remove_errors_;
  std::vector<std::string> removed_;
  std::vector<Call> calls_;
  std::vector<std::shared_ptr<Pull>> running_;
  std::vector<std::shared_ptr<Question>> questions_;  // and ended ones
  std::vector<std::shared_ptr<Question>> waiting_for_answer_;
  Latencies latencies_;
  absl::Duration cancel_takes_;
  bool is_away_ = false;
  int most_at_once_ = 0;
  int lists_ = 0;
};

// What gRPC 1.51 says of a socket with nobody behind it.
absl::Status SocketGone();

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_RUNTIME_H_
