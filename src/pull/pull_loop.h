// The heart of the engine: from a plan to an end for every image.
//
// Not thread-safe: it is the engine's thread. Completions of pulls reach it
// through a mailbox.
#ifndef PREPULL_SRC_PULL_PULL_LOOP_H_
#define PREPULL_SRC_PULL_PULL_LOOP_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "prepull/base/mailbox.h"
#include "prepull/progress/download_dropper.h"
#include "prepull/progress/download_watch.h"
#include "prepull/pull/engine.h"
#include "src/pull/attempt_failure.h"
#include "src/pull/image_remover.h"
#include "src/pull/lease_keeper.h"
#include "src/pull/pool.h"
#include "src/pull/pull_round.h"
#include "src/pull/retry_policy.h"
#include "src/pull/runtime_vigil.h"

namespace prepull {

// Why no further pull is started.
enum class LoopEnd { kAllEnded, kStopRequested, kDeadline, kNoSpace };

// What to pull, and how. All of it outlives the loop.
struct PullOrder {
  const std::vector<ImageRequest>& requests;
  // The images that are removed before they are pulled, with the id under which
  // the runtime has them.
  const std::map<size_t, std::string>& replaces;
  const PullOptions& options;
};

class PullLoop {
 public:
  PullLoop(const PullOrder& order, const RunContext& context,
           LeaseKeeper& lease, const std::stop_token& stop, Run& run);

  // Pulls every image of the run that is Waiting. On return each has ended or
  // is Waiting still, and no pull is running (but for calls that did not end
  // within a second of being cancelled).
  LoopEnd Pull();

  // Whether the runtime had gone away and not come back.
  bool runtime_is_away() const { return vigil_.is_away(); }

  // Whether a call was left behind that had not ended.
  bool left_calls_behind() const { return !running_.empty(); }

  // Whether a download is left that may have wrong bytes.
  bool left_wrong_bytes() const { return dropper_.has_suspects(); }

 private:
  // An image's pull, beside what the run tells about it.
  struct Work {
    AttemptHistory history;
    std::unique_ptr<PullRound> round;
    bool has_pulled = false;  // in this round
    // What was refused in the last round: worth a look whether it changed.
    std::optional<FoundCredentials> refused = std::nullopt;
    Instant attempt_started;
    absl::Duration attempt_timeout;
    Instant attempt_ends = Instant::Never();  // unless it is seen to go on
    std::optional<Cut> cut = std::nullopt;    // by us, and why
  };

  using Errand = DownloadWatch::Errand;

  void WatchDownloads();
  void ShutOutWhatCannotStart();
  void TurnWatch(Instant now);
  void QueueAll();
  void Queue(size_t image, Instant due);
  std::optional<LoopEnd> ReasonToEnd(Instant now) const;
  void StartDue(Instant now);
  void Start(size_t image, Instant now);
  void OnPull(size_t image);
  void CutLate(Instant now);
  static void CutRound(Work& work, Cut cut);
  Instant NextAlarm(Instant now);
  void ReadMail();
  void OnRoundEnded(size_t image, const RoundEnd& end);
  void OnPulled(size_t image, const std::string& image_ref);
  void OnFailure(size_t image, const RoundEnd& end);
  void Enter(size_t image, const AttemptFailure& failure,
             const FoundCredentials& credentials);
  void Settle(size_t image, const AttemptFailure& failure, bool gained_bytes);
  void Count(size_t image, const ErrorClass& error, bool gained_bytes);
  void Retry(size_t image, const ErrorClass& error);
  void GiveUp(size_t image);
  void Postpone(size_t image, absl::string_view why);
  void ShutOut(size_t image);
  void EndAs(ImageState state, size_t image);
  void Forgive(size_t image);
  void TellGate(size_t image, const ErrorClass& error);
  void CancelAll();
  void DrainFor(absl::Duration patience);

  const std::string& RegistryOf(size_t image) const {
    return requests_[image].reference->registry();
  }
  const std::string& RepositoryOf(size_t image) const {
    return requests_[image].reference->repository();
  }

  // Hands errands to the loop's thread, and outlives it: then they reach
  // nobody. Threads: from any.
  std::function<void(Errand)> Posting() const {
    return [mailbox = mailbox_](Errand errand) {
      mailbox->Post(std::move(errand));
    };
  }

  const std::vector<ImageRequest>& requests_;
  const std::map<size_t, std::string>& replaces_;
  const PullOptions& options_;
  const RunContext& context_;
  LeaseKeeper& lease_;
  const std::stop_token& stop_;
  Run& run_;

  // Shared with the callbacks of calls that may outlive the loop.
  std::shared_ptr<Mailbox<Errand>> mailbox_ =
      std::make_shared<Mailbox<Errand>>();
  Pool pool_;
  std::vector<Work> work_;    // one for each image of the run
  std::set<size_t> running_;  // images with a round
  bool no_space_ = false;
  int unsettled_ = 0;  // attempts that ended and whose bytes are not known yet
  std::unique_ptr<DownloadWatch> watch_;  // null where nothing can be seen
  ImageRemover remover_;
  DownloadDropper dropper_;
  RuntimeVigil vigil_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_PULL_LOOP_H_
