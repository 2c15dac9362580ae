// One attempt round at one image: removes it if it is to be replaced, finds
// the credentials to try, and pulls with one after another until one is not
// refused.
//
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_PULL_ROUND_H_
#define PREPULL_SRC_PULL_PULL_ROUND_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/task_runner.h"
#include "prepull/list/image_request.h"
#include "prepull/runtime/container_runtime.h"
#include "src/pull/error_class.h"
#include "src/pull/image_remover.h"

namespace prepull {

// What credentials a round had, none for anonymous; an error if they could
// not be had.
using FoundCredentials = absl::StatusOr<std::vector<Credential>>;

// How a round ended.
struct RoundEnd {
  absl::StatusOr<std::string> image_ref;
  ErrorClass what = {};  // of a failure
  FoundCredentials credentials = std::vector<Credential>();
  // Why there may be more than these: see CredentialsToTry.
  std::string unread = "";
  std::string empty = "";  // which source has none
  // Nothing was pulled, because there was nothing new to try.
  bool had_nothing_new = false;
};

// What to pull.
struct RoundTask {
  const ImageRequest& request;
  std::string lease_id;
  // The id of the image that has to go first; empty = none.
  std::string replaces = "";
  // What was refused before: the same is not tried again.
  std::optional<FoundCredentials> refused = std::nullopt;
};

class PullRound {
 public:
  struct Seams {
    ContainerRuntime& runtime;
    CredentialFinder* credentials;  // null: always anonymous
    ImageRemover& remover;
    TaskRunner::Poster poster;
    std::function<void()> on_removed;  // the image that is replaced is gone
    std::function<void()> on_pull;     // a call begins, the first or another
    std::function<void(RoundEnd)> done;
  };

  PullRound(RoundTask task, Seams seams)
      : task_(std::move(task)),
        seams_(std::move(seams)),
        scope_(seams_.poster) {}
  PullRound(const PullRound&) = delete;
  PullRound& operator=(const PullRound&) = delete;

  void Start();

  // Ends what runs; `done` still comes, soon.
  void Cancel();

  // Whether a pull is under way, and not what comes before it.
  bool is_pulling() const { return call_ != nullptr; }

 private:
  template <typename Answer>
  std::function<void(Answer)> Callback(
      void (PullRound::*handle)(const Answer&));

  void FindCredentials();
  void OnRemoved(const absl::Status& removed);
  void OnFound(const absl::StatusOr<CredentialsToTry>& found);
  void Pull();
  void OnPulled(const absl::StatusOr<std::string>& image_ref);
  void EndPulled(const std::string& image_ref);
  void EndFailed(const absl::Status& error, const ErrorClass& what);
  void End(RoundEnd end);

  const RoundTask task_;
  const Seams seams_;
  const TaskScope scope_;
  FoundCredentials credentials_ = std::vector<Credential>();
  std::string unread_;
  std::string empty_;
  size_t next_credential_ = 0;
  std::unique_ptr<RunningCall> call_;
  bool is_cancelled_ = false;
  bool has_ended_ = false;
};

// Whether both are the same credentials in the same order, or the same error.
bool SameCredentials(const FoundCredentials& a, const FoundCredentials& b);

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_PULL_ROUND_H_
